"""Files in a folder besides the locks of the processes that use it."""

from __future__ import annotations

from pathlib import Path


def files_in(*folders: Path) -> list[Path]:
    """Return every file below the folders, the locks of living processes left out."""
    found = [path for folder in folders for path in folder.rglob("*")]
    return sorted(path for path in found if path.is_file() and path.name != ".lock")
