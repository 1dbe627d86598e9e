"""Receipts as people read them: each note with its sentence in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext

from upscaler.engine.notes import Category, sentence_of
from upscaler.errors.sentences import isolated
from upscaler.views.sentences import is_right_to_left


def localized_receipt(receipt: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stored receipt whose notes have a ``text`` beside ``code`` and ``values``."""
    lists = {category.value: _localized(receipt.get(category.value)) for category in Category}
    return {**receipt, **lists}


def note_text(entry: Any) -> str:
    """Return the sentence for a stored note in the reader's language."""
    return sentence_of(entry, gettext, isolated if is_right_to_left() else str)


def _localized(entries: Any) -> list[dict[str, Any]]:
    return [
        {
            "code": entry.get("code") if isinstance(entry, Mapping) else None,
            "values": entry.get("values", {}) if isinstance(entry, Mapping) else {},
            "text": note_text(entry),
        }
        for entry in entries or ()
    ]
