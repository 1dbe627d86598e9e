"""Received files whose content was not inspected yet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class IncomingFile:
    """A received file on the local disk, with the name that the sender gave it.

    A ``guessed_name`` is from a URL: its extension is replaced where it does not fit the content.
    """

    path: Path
    filename: str
    guessed_name: bool = False
