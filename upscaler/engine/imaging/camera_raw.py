"""Raw images of cameras, which begin as TIFF files do."""

from __future__ import annotations

from pathlib import PurePath

from upscaler.engine.imaging.formats import TIFF
from upscaler.errors import N_, UnsupportedImage

# Endings of raw formats that are made of TIFF's structure. What a TIFF reader finds in them is a thumbnail.
_ENDINGS = frozenset(
    {
        *("3fr", "arw", "cr2", "dcr", "dng", "erf", "fff", "gpr", "iiq", "k25", "kdc", "mef", "mos", "nef"),
        *("nrw", "pef", "ptx", "pxn", "rwl", "sr2", "srf", "srw"),
    }
)


def refuse_camera_raw(filename: str, format_name: str) -> None:
    """Raise ``UnsupportedImage`` for a file with the content of a TIFF and the name of a camera's raw image."""
    ending = PurePath(filename.replace("\\", "/")).suffix[1:].lower()
    if format_name == TIFF.name and ending in _ENDINGS:
        raise UnsupportedImage(
            N_("This is a camera's raw image. Save it as JPEG or TIFF first, and use that file.")
        )
