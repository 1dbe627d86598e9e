"""Sentences with values filled in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Unicode isolates: they keep the order of "404 Not Found" inside right-to-left text.
_ISOLATE, _POP_ISOLATE = "\u2068", "\u2069"


def filled(template: str, values: Mapping[str, Any] | None, *, right_to_left: bool = False) -> str:
    """Return ``template`` with its ``%(name)s`` placeholders filled in.

    A stored template with other placeholders, of another version, is returned as it is.

    Args:
        template: a sentence in the reader's language.
        values: what fills the placeholders; None or empty where there are none.
        right_to_left: whether the sentence is, so that each value keeps a direction of its own.

    """
    if not values:
        return template
    show = isolated if right_to_left else str
    try:
        return template % {name: show(str(value)) for name, value in values.items()}
    except (KeyError, TypeError, ValueError):
        return template


def isolated(value: str) -> str:
    """Return a value that keeps its own direction inside the text around it."""
    return f"{_ISOLATE}{value}{_POP_ISOLATE}"
