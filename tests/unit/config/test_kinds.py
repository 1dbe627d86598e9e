from __future__ import annotations

import re
from ipaddress import ip_network
from typing import Annotated, Any

import pytest
from pydantic import SecretStr, TypeAdapter, ValidationError

from config.kinds import (
    MailSender,
    Networks,
    OneOf,
    Origins,
    Rate,
    SigningSecrets,
    SomeOf,
    Switch,
    Url,
    WholeNumber,
)

SIGNING = "whsec_" + "A" * 43 + "="
SIDES = Annotated[tuple[str, ...], SomeOf(("left", "right"))]
SIDE = Annotated[str, OneOf(("left", "right"))]


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Switch, " On ", True),
        (Switch, "false", False),
        (WholeNumber, " 12 ", 12),
        (Rate, "10 PER Hour", "10 per hour"),
        (Rate, "off", "off"),
        (Url, "https://example.org/", "https://example.org"),
        (
            Origins,
            "https://a.example, https://b.example:8443,",
            ("https://a.example", "https://b.example:8443"),
        ),
        (Origins, ["https://a.example"], ("https://a.example",)),
        (Origins, " , ", ()),
        (Networks, "10.1.2.0/24, fd00::/8,", (ip_network("10.1.2.0/24"), ip_network("fd00::/8"))),
        (Networks, "127.0.0.1", (ip_network("127.0.0.1/32"),)),
        (Networks, "", ()),
        (SigningSecrets, f"{SIGNING} {SIGNING}", (SecretStr(SIGNING),) * 2),
        (MailSender, "Images <a@example.org>", "Images <a@example.org>"),
        (SIDES, "right, left,", ("left", "right")),
        (SIDES, ["right"], ("right",)),
        (SIDE, " left ", "left"),
    ],
)
def test_a_usable_text_becomes_its_value(kind: Any, text: object, value: object) -> None:
    assert TypeAdapter(kind).validate_python(text) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Switch, "yes"),
        (Switch, 1),
        (WholeNumber, True),
        (WholeNumber, "1.5"),
        (Rate, "0 per hour"),
        (Rate, "10 per hour; often"),
        (Url, "ftp://example.org"),
        (Origins, "https://a.example/path"),
        (Origins, "*"),
        (Networks, "0.0.0.0/0"),
        (Networks, "example.org"),
        (Networks, "10.0.0.1/8"),
        (Networks, "10.0.0.0/33"),
        (MailSender, "nobody"),
        (MailSender, "a@example.org\nBcc: b@example.org"),
        (SigningSecrets, "whsec_c2hvcnQ="),
        (SIDES, ""),
        (SIDES, "left, up"),
        (SIDE, "up"),
    ],
)
def test_an_unusable_text_is_refused(kind: Any, text: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(text)


@pytest.mark.parametrize(
    ("kind", "text", "reason"),
    [
        (SIDE, "up", "must be one of left, right, not 'up'"),
        (SIDES, "left, up, down", "must be one or more of left, right, not 'up', 'down'"),
        (SIDES, "", "must be one or more of left, right$"),
    ],
)
def test_a_choice_that_is_none_is_repeated_beside_those_that_are(kind: Any, text: str, reason: str) -> None:
    with pytest.raises(ValidationError) as raised:
        TypeAdapter(kind).validate_python(text)

    assert re.search(reason, raised.value.errors()[0]["msg"])


def test_choices_are_described_for_the_api() -> None:
    assert TypeAdapter(SIDE).json_schema() == {"type": "string", "enum": ["left", "right"]}
    assert TypeAdapter(SIDES).json_schema() == {
        "type": "array",
        "minItems": 1,
        "items": {"type": "string", "enum": ["left", "right"]},
    }
