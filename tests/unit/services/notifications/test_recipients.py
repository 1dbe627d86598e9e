from __future__ import annotations

from ipaddress import ip_network

import pytest

from upscaler.errors import InvalidCallbackUrl, InvalidEmail
from upscaler.services.notifications import recipients
from upscaler.services.outbound.addresses import AddressPolicy

NOBODY = AddressPolicy()


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("https://example.org/hook", "https://example.org/hook"),
        ("HTTPS://Example.ORG/Hook?Key=a%20b", "https://example.org/Hook?Key=a%20b"),
        ("http://example.org:8080", "http://example.org:8080"),
        ("https://bücher.example/ä", "https://xn--bcher-kva.example/%C3%A4"),
        ("https://8.8.8.8/hook", "https://8.8.8.8/hook"),
        ("https://[2606:4700:4700::1111]/hook", "https://[2606:4700:4700::1111]/hook"),
        # A name, though it may lead to this machine: what it leads to is checked when the connection is opened.
        ("http://localhost/", "http://localhost/"),
        ("http://127.1/", "http://127.1/"),
    ],
)
def test_a_web_address_is_kept_in_its_normal_form(text: str, kept: str) -> None:
    assert recipients.check_url(text, NOBODY) == kept


@pytest.mark.parametrize(
    "text",
    [
        "example.org",
        "//example.org/",
        "ftp://example.org/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "gopher://example.org/",
        "https://",
        "https:///path",
        "https://example.org:0/",
        "https://example.org:99999/",
        "https://example.org:port/",
        "https://name@example.org/",
        "https://name:word@example.org/",
        "https://example.org/#part",
        "https://example.org/a b",
        "https://example.org/\r\nHost: other",
        "https://example.org\\@other.example/",
        "https://example.org/\0",
        "https://[::1",
        "https://[::1]/",
        "http://127.0.0.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://[::ffff:10.0.0.1]/",
        "https://example.org:22/",
        "https://example.org:6379/",
        "https://example.org/" + "x" * 2000,
        "https://example.org/" + "ä" * 1000,
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidCallbackUrl) as raised:
        recipients.check_url(text, NOBODY)

    assert "%(" not in raised.value.detail


def test_a_named_network_may_be_given_as_an_address() -> None:
    policy = AddressPolicy((ip_network("10.1.2.0/24"),))

    assert recipients.check_url("http://10.1.2.3:5678/hook", policy) == "http://10.1.2.3:5678/hook"
    with pytest.raises(InvalidCallbackUrl):
        recipients.check_url("http://10.1.3.3:5678/hook", policy)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("layla@example.org", "layla@example.org"),
        ("Layla.B+images@EXAMPLE.org", "Layla.B+images@example.org"),
        ("layla@bücher.example.org", "layla@xn--bcher-kva.example.org"),
    ],
)
def test_an_address_is_kept_in_its_normal_form(text: str, kept: str) -> None:
    assert recipients.check_email(text) == kept


@pytest.mark.parametrize(
    "text",
    [
        "layla",
        "@example.org",
        "layla@",
        "layla@example",
        "a@b@example.org",
        "layla@example.org\nBcc: all@example.org",
        "layla@example.org\r\nBcc: all@example.org",
        "layla@example.org, omar@example.org",
        "Layla <layla@example.org>",
        "layla@[127.0.0.1]",
        "layla@localhost",
        "ليلى@example.org",
        "l" * 65 + "@example.org",
        "layla@" + "x" * 250 + ".org",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidEmail):
        recipients.check_email(text)
