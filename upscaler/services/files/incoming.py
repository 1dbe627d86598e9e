"""A file that was received, before anything is known of its content."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class IncomingFile:
    """A received file on the local disk, with the name that the sender gave it.

    A ``guessed_name`` comes from an address: its ending is nobody's claim, and gives way to what the file is.
    """

    path: Path
    filename: str
    guessed_name: bool = False

    @property
    def claimed_name(self) -> str:
        """The name that the content is compared with."""
        return "" if self.guessed_name else self.filename
