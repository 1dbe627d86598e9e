"""What an upscaled image gives back."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Previews:
    """Small WebP images to write beside a result: one of it, one of the input, whatever kind of file that is."""

    result: Path
    original: Path


@dataclass(frozen=True)
class Keeping:
    """Where finished tiles outlive the process that made them, and how many bytes they may take there."""

    folder: Path
    limit_bytes: int


@dataclass(frozen=True)
class UpscaleResult:
    """Facts about the written files.

    Attributes:
        receipt: JSON-ready account of what was done, see ``receipt.build_receipt``.
        width: pixels of the result from left to right.
        height: pixels of the result from top to bottom.
        size_bytes: size of the result's file.
        mime_type: media type of the result's file.
        sha256: hash of the result's file, in hexadecimal.
        preview_width: pixels of the preview, 0 when none was asked for.
        preview_height: pixels of the preview, 0 when none was asked for.
        preview_size_bytes: size of the preview's file, 0 when none was asked for.
        preview_mime_type: media type of the preview, "" when none was asked for.

    """

    receipt: dict[str, Any]
    width: int
    height: int
    size_bytes: int
    mime_type: str
    sha256: str
    preview_width: int = 0
    preview_height: int = 0
    preview_size_bytes: int = 0
    preview_mime_type: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the facts as JSON-ready values."""
        return asdict(self)


def part_path(target: Path) -> Path:
    """Return the name under which ``target`` is written until it is complete."""
    return target.with_name(target.name + ".part")
