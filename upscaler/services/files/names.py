"""File names of uploads and results, and sizes in words."""

from __future__ import annotations

from collections.abc import Sequence

from upscaler.engine.imaging import formats
from upscaler.filenames.text import (
    MAX_BYTES,
    NAMELESS,
    cleaned,
    is_visible,
    last_part,
    shortened,
    shortened_name,
    size_of,
    split_extension,
)
from upscaler.models import Job, Upload
from upscaler.services.files.incoming import IncomingFile

# Bytes that the stem of a result's name leaves for a number, which the name gets beside others in an archive.
_NUMBER_BYTES = 8


def upload_name(incoming: IncomingFile, extensions: Sequence[str]) -> str:
    """Return the name that an upload is stored with; a guessed one gets an extension that fits the content."""
    name = fitting_filename(incoming.filename, extensions) if incoming.guessed_name else incoming.filename
    return safe_filename(name)


def safe_filename(name: str) -> str:
    """Return the last part of a file name, at most 255 bytes of characters that a name may have; never empty."""
    kept = cleaned(last_part(name))
    return shortened_name(kept) if is_visible(kept) else NAMELESS


def fitting_filename(name: str, extensions: Sequence[str]) -> str:
    """Return a file name with one of ``extensions``: its own, or in place of that of another image format."""
    stem, extension = split_extension(name)
    return name if extension.lower() in extensions else shortened_name(f"{stem}.{extensions[0]}")


def original_name(upload: Upload) -> str:
    """Return the file name that an original is offered with: the one it was sent with, and the content's extension.

    A browser opens what it has saved by its extension, and only the content was checked.
    """
    return fitting_filename(upload.original_filename, formats.extensions_of(upload.mime_type))


def local_name(upload: Upload) -> str:
    """Return the name of the file in which an engine reads an original.

    Its extension is the one that was sent, which the receipt compares with the content, or that of the stored file.
    """
    claimed = split_extension(upload.original_filename)[1].lower()
    return f"source.{claimed or upload.storage_path.rpartition('.')[2]}"


def result_name(job: Job) -> str:
    """Return the file name of a result, such as ``holiday-4x.png``."""
    stem = split_extension(job.upload.original_filename)[0]
    extension = (job.result_path or "").rpartition(".")[2]
    ending = f"-{job.params.get('factor', '')}.{extension}"
    return shortened(stem, MAX_BYTES - _NUMBER_BYTES - size_of(ending)).rstrip() + ending


def readable_bytes(size: int) -> str:
    """Format a size, such as ``15 MB``."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= factor:
            return f"{size / factor:.3g} {unit}"
    return f"{size} bytes"
