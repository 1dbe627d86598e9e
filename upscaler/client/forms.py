"""The fields of a form, from Python values."""

from __future__ import annotations

from typing import Any


def form_of(values: dict[str, Any]) -> dict[str, str]:
    """Return each value as the text that a form sends, without those that are None."""
    return {name: _text_of(value) for name, value in values.items() if value is not None}


def _text_of(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
