"""File names and sizes as people see them."""

from __future__ import annotations

from collections.abc import Sequence

from upscaler.engine.imaging import formats
from upscaler.models import Job

# Characters of the original's name that a result keeps: file systems allow 255 bytes for the whole of a name.
MAX_STEM = 200


def safe_filename(name: str) -> str:
    """Return the last part of a file name, without control characters, at most 255 characters; never empty."""
    base = name.replace("\\", "/").rpartition("/")[2]
    printable = "".join(character for character in base if character.isprintable()).strip()
    return printable[-255:] or "image"


def fitting_filename(name: str, extensions: Sequence[str]) -> str:
    """Return a file name that ends in one of ``extensions``, its own where it does; another image's is replaced."""
    base, _, ending = name.rpartition(".")
    if base and ending.lower() in extensions:
        return name
    if base and formats.format_for_extension(ending) is not None:
        name = base
    return f"{name}.{extensions[0]}"


def result_name(job: Job) -> str:
    """Return the name that a result is offered under, such as ``holiday-4x.png``."""
    stem = job.upload.original_filename.rpartition(".")[0] or job.upload.original_filename
    ending = (job.result_path or "").rpartition(".")[2]
    return f"{stem[:MAX_STEM]}-{job.params.get('factor', '')}.{ending}"


def readable_bytes(size: int) -> str:
    """Write a size as people do, such as ``15 MB``."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= factor:
            return f"{size / factor:.3g} {unit}"
    return f"{size} bytes"
