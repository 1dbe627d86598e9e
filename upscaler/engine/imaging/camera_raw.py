"""Raw images of cameras, which begin as TIFF files do."""

from __future__ import annotations

from pathlib import PurePath

from upscaler.engine.imaging.formats import TIFF
from upscaler.errors import N_, UnsupportedImage

# Extensions of raw formats that are made of TIFF's structure. What a TIFF reader finds in them is a thumbnail.
RAW_EXTENSIONS = frozenset(
    {
        *("3fr", "arw", "cr2", "dcr", "dng", "erf", "fff", "gpr", "iiq", "k25", "kdc", "mef", "mos", "nef"),
        *("nrw", "pef", "ptx", "pxn", "rwl", "sr2", "srf", "srw"),
    }
)
RAW_MESSAGE = N_("This is a camera's raw image. Save it as JPEG or TIFF first, and use that file.")


def refuse_camera_raw(filename: str, format_name: str) -> None:
    """Raise ``UnsupportedImage`` for a file with the content of a TIFF and the name of a camera's raw image."""
    extension = PurePath(filename.replace("\\", "/")).suffix[1:].lower()
    if format_name == TIFF.name and extension in RAW_EXTENSIONS:
        raise UnsupportedImage(RAW_MESSAGE)
