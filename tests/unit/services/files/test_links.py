from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from upscaler.errors import InvalidSignature, LinkExpired
from upscaler.services.files.links import LinkSigner

SIGNER = LinkSigner(("a secret",), 3600)
KEY = "results/ab/x.png"


def query(path: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}


def test_it_accepts_its_own_link_until_it_expires() -> None:
    found = query(SIGNER.path(KEY, "cat 2x.png", now=1000.0))
    expires = int(found["expires"])

    assert 1000 + 3600 <= expires < 1000 + 3600 + 60
    SIGNER.verify(KEY, "cat 2x.png", found["expires"], found["signature"], now=expires - 1)
    with pytest.raises(LinkExpired):
        SIGNER.verify(KEY, "cat 2x.png", found["expires"], found["signature"], now=expires)


@pytest.mark.parametrize("expires", ["", "-1", "1e9", "٣", "9" * 13, "5000"])
def test_it_rejects_another_time(expires: str) -> None:
    found = query(SIGNER.path(KEY, "cat.png", now=1000.0))

    with pytest.raises(InvalidSignature):
        SIGNER.verify(KEY, "cat.png", expires, found["signature"], now=1000.0)


def test_it_rejects_another_key_name_or_secret() -> None:
    found = query(SIGNER.path(KEY, "cat.png", now=1000.0))
    arguments = (found["expires"], found["signature"], 1000.0)

    for signer, key, name in (
        (SIGNER, "results/ab/y.png", "cat.png"),
        (SIGNER, KEY, "dog.png"),
        (LinkSigner(("another",), 3600), KEY, "cat.png"),
    ):
        with pytest.raises(InvalidSignature):
            signer.verify(key, name, *arguments)


def test_parts_cannot_be_shifted_from_one_field_to_the_next() -> None:
    found = query(SIGNER.path("results/a.png", "bc", now=1000.0))

    with pytest.raises(InvalidSignature):
        SIGNER.verify("results/a.pngb", "c", found["expires"], found["signature"], now=1000.0)


def test_links_of_an_older_key_are_good_as_long_as_that_is_known() -> None:
    path = SIGNER.path(KEY, "cat.png", 1000)
    parts = query(path)
    arguments = (KEY, parts["name"], parts["expires"], parts["signature"], 1000)

    LinkSigner(("a new one", "a secret"), 3600).verify(*arguments)
    with pytest.raises(InvalidSignature):
        LinkSigner(("a new one",), 3600).verify(*arguments)
    assert LinkSigner(("a new one", "a secret"), 3600).path(KEY, "cat.png", 1000) != path
