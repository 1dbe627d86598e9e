"""File names of uploads and results, and sizes in words."""

from __future__ import annotations

from collections.abc import Sequence

from upscaler.engine.imaging import formats
from upscaler.models import Job
from upscaler.services.files.incoming import IncomingFile

# Characters of the original's name that a result keeps: file systems allow 255 bytes for the whole of a name.
MAX_STEM = 200


def upload_name(incoming: IncomingFile, extensions: Sequence[str]) -> str:
    """Return the name that an upload is stored with; a guessed one gets an extension that fits the content."""
    name = fitting_filename(incoming.filename, extensions) if incoming.guessed_name else incoming.filename
    return safe_filename(name)


def safe_filename(name: str) -> str:
    """Return the last part of a file name, without control characters, at most 255 characters; never empty."""
    base = name.replace("\\", "/").rpartition("/")[2]
    printable = "".join(character for character in base if character.isprintable()).strip()
    return printable[-255:] or "image"


def fitting_filename(name: str, extensions: Sequence[str]) -> str:
    """Return a file name with one of ``extensions``: its own, or in place of that of another image format."""
    base, _, ending = name.rpartition(".")
    if base and ending.lower() in extensions:
        return name
    if base and formats.format_for_extension(ending) is not None:
        name = base
    return f"{name}.{extensions[0]}"


def result_name(job: Job) -> str:
    """Return the file name of a result, such as ``holiday-4x.png``."""
    stem = job.upload.original_filename.rpartition(".")[0] or job.upload.original_filename
    ending = (job.result_path or "").rpartition(".")[2]
    return f"{stem[:MAX_STEM]}-{job.params.get('factor', '')}.{ending}"


def readable_bytes(size: int) -> str:
    """Format a size, such as ``15 MB``."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= factor:
            return f"{size / factor:.3g} {unit}"
    return f"{size} bytes"
