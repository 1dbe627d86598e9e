"""The kinds of value that a setting may have: how each is read, explained to people, and described to programs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from limits import parse_many

from upscaler.errors import N_

# As the library `limits` reads them: "10 per hour", "1/second; 100 per 2 days".
_RATE = r"[1-9][0-9]{0,6} ?(/|per) ?([1-9][0-9]{0,2} )?(second|minute|hour|day|month|year)s?"
_RATES = rf"(off|{_RATE}( ?[,;|] ?{_RATE}){{0,3}})"


@dataclass(frozen=True)
class Kind:
    """A kind of value.

    Attributes:
        parse: reads what was typed or sent; raises ``ValueError`` or ``TypeError``.
        expected: what a person is told to enter.
        schema: what a program may send, in JSON Schema.
    """

    parse: Callable[[Any], Any]
    expected: str
    schema: Mapping[str, Any]


def whole_number(low: int, high: int, expected: str) -> Kind:
    """Return the kind of whole numbers from ``low`` to ``high``."""

    def parse(value: Any) -> int:
        # A whole number may be written 10.0 in JSON.
        number = int(value) if isinstance(value, float) and value.is_integer() else int(str(value).strip())
        if not low <= number <= high:
            raise ValueError
        return number

    return Kind(parse, expected, {"type": "integer", "minimum": low, "maximum": high})


def rate(example: str, expected: str) -> Kind:
    """Return the kind of rates, such as 10 per hour, or off."""

    def parse(value: Any) -> str:
        text = str(value).strip().lower()
        if re.fullmatch(_RATES, text) is None:
            raise ValueError
        if text != "off":
            parse_many(text)
        return text

    return Kind(parse, expected, {"type": "string", "pattern": f"^{_RATES}$", "example": example})


def several_of(choices: tuple[str, ...]) -> Kind:
    """Return the kind of some of the choices, at least one: a list, or a text with commas."""

    def parse(value: Any) -> list[str]:
        chosen = (
            value
            if isinstance(value, list)
            else [part.strip() for part in str(value).split(",") if part.strip()]
        )
        if not chosen or not set(chosen) <= set(choices):
            raise ValueError
        return [choice for choice in choices if choice in chosen]

    items = {"type": "string", "enum": list(choices)}
    return Kind(parse, ", ".join(choices), {"type": "array", "minItems": 1, "items": items})


def one_of(choices: tuple[str, ...]) -> Kind:
    """Return the kind of one of the choices."""

    def parse(value: Any) -> str:
        if value not in choices:
            raise ValueError
        return str(value)

    return Kind(parse, ", ".join(choices), {"type": "string", "enum": list(choices)})


def _switch(value: Any) -> bool:
    text = str(value).strip().lower()
    if text not in {"on", "off", "true", "false"}:
        raise ValueError
    return text in {"on", "true"}


SWITCH = Kind(_switch, N_("on or off"), {"type": "boolean"})
