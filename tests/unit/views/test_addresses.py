from __future__ import annotations

import pytest
from flask import Flask

from upscaler.views.addresses import client_address


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
        ("a socket", "a socket"),
        ("", "unknown"),
    ],
)
def test_an_ipv6_address_counts_as_its_network(address: str, counted: str) -> None:
    with Flask("upscaler").test_request_context(environ_base={"REMOTE_ADDR": address}):
        assert client_address() == counted
