from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from upscaler.services.outbound.addresses import AddressPolicy, is_public

PUBLIC = """
1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 93.184.216.34 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0
169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.0 192.0.3.0 192.167.255.255 192.169.0.0 198.17.255.255
198.20.0.0 198.51.99.255 198.51.101.0 203.0.112.255 203.0.114.0 223.255.255.255 168.63.129.15
2606:4700:4700::1111 2001:4860:4860::8888 2001:200::1 2a00:1450:4001::200e 2620:fe::fe 2400:cb00::1 3fff:1000::1
"""
REFUSED = """
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 100.127.255.255 127.0.0.1 127.255.255.254
168.63.129.16 169.254.0.1 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.192 192.0.2.1 192.88.99.1
192.168.0.1 192.168.255.255 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1
255.255.255.255
:: ::1 ::2 ::10.0.0.1 ::127.0.0.1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:8.8.8.8
::ffff:0:127.0.0.1 64:ff9b::7f00:1 64:ff9b::a00:1 64:ff9b::808:808 64:ff9b:1::a00:1 100::1 5f00::1
2001::1 2001:0:7f00:1::80ff:fffe 2001:2::1 2001:10::1 2001:20::1 2001:1ff:ffff::1 2001:db8::1
2002:7f00:1::1 2002:a00:1::1 2002:808:808::1 3fff::1 3fff:fff::1
2606:4700::5efe:10.0.0.1 2606:4700::200:5efe:10.0.0.1 fe80::5efe:10.0.0.1
fc00::1 fd00:ec2::254 fdff::1 fe80::1 fe80::1%eth0 febf::1 fec0::1 feff::1 ff01::1 ff02::1 ff0e::1 4000::1 8000::1
2606:4700::1%eth0
"""


@pytest.mark.parametrize("text", PUBLIC.split())
def test_a_public_address_may_be_reached(text: str) -> None:
    assert is_public(ip_address(text))
    assert AddressPolicy().permits(ip_address(text), 443)


@pytest.mark.parametrize("text", REFUSED.split())
def test_any_other_address_may_not(text: str) -> None:
    assert not is_public(ip_address(text))
    assert not AddressPolicy().permits(ip_address(text), 443)


@pytest.mark.parametrize(
    ("port", "permitted"),
    [
        (80, True),
        (443, True),
        (8000, True),
        (9999, True),
        (25, False),
        (6379, False),
        (7999, False),
        (10000, False),
    ],
)
def test_public_addresses_may_be_reached_at_ports_of_the_web(port: int, permitted: bool) -> None:
    assert AddressPolicy().permits(ip_address("8.8.8.8"), port) is permitted
    assert AddressPolicy().permits_port(port) is permitted


def test_a_network_that_the_operator_named_may_be_reached_at_any_port() -> None:
    policy = AddressPolicy((ip_network("10.1.2.0/24"), ip_network("fd00::/8")))

    assert policy.permits(ip_address("10.1.2.9"), 5678)
    assert policy.permits(ip_address("fd12::1"), 80)
    assert policy.permits_port(5678)
    for text in ("10.1.3.1", "127.0.0.1", "::ffff:10.1.2.9", "fe80::1", "::1"):
        assert not policy.permits(ip_address(text), 80)
    assert not policy.permits(ip_address("8.8.8.8"), 5678)


def test_of_several_addresses_only_those_that_may_be_reached_remain() -> None:
    found = ["127.0.0.1", "8.8.8.8", "::1", "2606:4700:4700::1111"]

    assert [str(address) for address in AddressPolicy().choose(found, 443)] == [
        "8.8.8.8",
        "2606:4700:4700::1111",
    ]
    assert AddressPolicy().choose(found, 22) == []
