"""The fields of a form, from Python values, and the names of its files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any


def form_of(values: dict[str, Any]) -> dict[str, str]:
    """Return each value as the text that a form sends, without those that are None."""
    return {name: _text_of(value) for name, value in values.items() if value is not None}


def name_of(path: str | os.PathLike[str]) -> str:
    """Return the name of a file as a form sends it; what is no valid UTF-8 on the disk becomes U+FFFD."""
    return os.fsencode(Path(path).name).decode("utf-8", "replace")


def _text_of(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
