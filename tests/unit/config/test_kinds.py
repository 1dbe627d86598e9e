from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import TypeAdapter, ValidationError

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
        (Origins, "https://a.example, https://b.example:8443", "https://a.example, https://b.example:8443"),
        (Networks, "10.1.2.0/24, fd00::/8", "10.1.2.0/24, fd00::/8"),
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


def test_choices_are_described_for_the_api() -> None:
    assert TypeAdapter(SIDE).json_schema() == {"type": "string", "enum": ["left", "right"]}
    assert TypeAdapter(SIDES).json_schema() == {
        "type": "array",
        "minItems": 1,
        "items": {"type": "string", "enum": ["left", "right"]},
    }
