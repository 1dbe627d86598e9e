"""Sentences with values, in the language of the request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import get_locale, gettext

from upscaler.errors.sentences import filled


def localized(template: str, values: Mapping[str, Any] | None) -> str:
    """Translate an English template and fill it in."""
    # The translation of "" is the header of the catalogue.
    return filled(gettext(template), values, right_to_left=is_right_to_left()) if template else ""


def is_right_to_left() -> bool:
    """Whether the language of the request is written from right to left."""
    locale = get_locale()
    return locale is not None and locale.text_direction == "rtl"
