from __future__ import annotations

from ipaddress import ip_network

import pytest

from upscaler.errors import InvalidCallbackUrl, InvalidUrl
from upscaler.services.outbound.addresses import AddressPolicy
from upscaler.services.outbound.urls import MAX_URL, parse, permitted, port_of

START = "https://example.org/"


@pytest.mark.parametrize(
    ("text", "kept", "port"),
    [
        ("HTTPS://Example.ORG/Cat.png", "https://example.org/Cat.png", 443),
        ("http://example.org", "http://example.org", 80),
        ("http://example.org:8080/", "http://example.org:8080/", 8080),
        (START + "x" * (MAX_URL - len(START)), START + "x" * (MAX_URL - len(START)), 443),
    ],
)
def test_a_url_has_one_form_and_a_port(text: str, kept: str, port: int) -> None:
    url = parse(text)

    assert url.url == kept
    assert port_of(url) == port


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ftp://example.org/", None),
        ("example.org", None),
        ("https://", None),
        ("https://example.org:0/", None),
        ("https://example.org/a b", None),
        ("https://example.org\\@other.example/", None),
        ("https://[::1", None),
        ("https://name:word@example.org/", "user name or password"),
        (START + "x" * MAX_URL, "characters"),
        # Within the limit as typed, and beyond it once it is encoded.
        (START + "ä" * 1000, "characters"),
    ],
)
def test_the_error_is_the_callers_and_says_why(text: str, reason: str | None) -> None:
    with pytest.raises(InvalidUrl, match=reason):
        parse(text)
    with pytest.raises(InvalidCallbackUrl, match=reason):
        parse(text, InvalidCallbackUrl)


@pytest.mark.parametrize(
    ("text", "network", "allowed"),
    [
        ("https://8.8.8.8/", "", True),
        ("https://8.8.8.8:22/", "", False),
        ("https://127.0.0.1/", "", False),
        ("https://[::1]/", "", False),
        ("https://127.0.0.1:22/", "127.0.0.0/8", True),
        ("https://[::1]/", "::1/128", True),
        # The address of a name is not known yet.
        ("https://localhost/", "", True),
        ("https://localhost:22/", "", False),
        ("https://localhost:22/", "127.0.0.0/8", True),
    ],
)
def test_an_address_is_judged_without_looking_it_up(text: str, network: str, allowed: bool) -> None:
    policy = AddressPolicy((ip_network(network),) if network else ())

    assert permitted(parse(text), policy) is allowed
