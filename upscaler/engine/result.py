"""The files that a job writes, and the facts about them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Previews:
    """Small WebP images to write beside a result: one of it, one of the input, whatever its format is."""

    result: Path
    original: Path


@dataclass(frozen=True)
class Checkpoint:
    """Folder for finished tiles that outlive their process, and the bytes that they may take there."""

    folder: Path
    limit_bytes: int


@dataclass(frozen=True)
class UpscaleResult:
    """Facts about the written files.

    Attributes:
        receipt: JSON-ready, see ``receipt.build_receipt``.
        width: pixels of the result from left to right.
        height: pixels of the result from top to bottom.
        size_bytes: size of the result's file.
        mime_type: media type of the result's file.
        sha256: hash of the result's file, in hexadecimal.

    """

    receipt: dict[str, Any]
    width: int
    height: int
    size_bytes: int
    mime_type: str
    sha256: str

    def as_dict(self) -> dict[str, Any]:
        """Return the facts as JSON-ready values."""
        return asdict(self)


def part_path(target: Path) -> Path:
    """Return the name under which ``target`` is written until it is complete."""
    return target.with_name(target.name + ".part")
