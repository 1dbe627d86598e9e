"""Options of an upload from the texts of a form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from upscaler.engine.options import OPTIONS, UpscaleOptions


def from_text(values: Mapping[str, str], **defaults: Any) -> UpscaleOptions:
    """Build options from the fields of a form: an empty text counts as not sent, ``defaults`` take its place.

    Raises:
        UnknownParameter, MissingParameter, InvalidParameter: as ``UpscaleOptions.from_mapping`` does.

    """
    sent = {name: text.strip() for name, text in values.items() if text.strip()}
    return UpscaleOptions.from_mapping({**defaults, **read_texts(sent)})


def read_texts(texts: Mapping[str, str]) -> dict[str, Any]:
    """Return the values of options from texts; a text that is no value stays, for the constructor to refuse."""
    return {name: OPTIONS[name].kind.read(text) if name in OPTIONS else text for name, text in texts.items()}
