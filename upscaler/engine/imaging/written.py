"""The header of a written file: what a result holds, read back from the file itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from upscaler.engine.imaging.image_format import ImageFormat
from upscaler.engine.imaging.opening import open_image
from upscaler.engine.imaging.resolution import dpi_of_exif
from upscaler.errors import EngineError

_BITS = {"uchar": 8, "ushort": 16}


@dataclass(frozen=True)
class WrittenFile:
    """Facts from a file's header.

    Attributes:
        width: pixels from left to right.
        height: pixels from top to bottom.
        colour_channels: 1 for gray, 3 for RGB.
        has_alpha: whether there is a channel for transparency.
        bit_depth: bits per channel, 8 or 16.
        profile: ICC profile, or None.
        dpi: resolution in dots per inch (horizontal, vertical), or None.
        exif: EXIF data, None where there is none.

    """

    width: int
    height: int
    colour_channels: int
    has_alpha: bool
    bit_depth: int
    profile: bytes | None
    dpi: tuple[float, float] | None
    exif: Image.Exif | None

    @property
    def mode(self) -> str:
        """The layout in Pillow's words: ``L``, ``LA``, ``RGB`` or ``RGBA``."""
        return ("L" if self.colour_channels == 1 else "RGB") + ("A" if self.has_alpha else "")


def read_written(path: Path, kind: ImageFormat) -> WrittenFile:
    """Read a result's header; no pixel is decoded.

    Raises:
        EngineError: the file cannot be read.

    """
    import pyvips  # noqa: PLC0415 - it loads libvips, which the web process never needs

    try:
        image = pyvips.Image.new_from_file(str(path), access="sequential")
        fields = set(image.get_fields())
        profile = bytes(image.get("icc-profile-data")) if "icc-profile-data" in fields else None
        exif = exif_of(bytes(image.get("exif-data"))) if "exif-data" in fields else None
    except pyvips.Error as error:
        raise EngineError from error
    has_alpha = bool(image.hasalpha())
    return WrittenFile(
        width=image.width,
        height=image.height,
        colour_channels=image.bands - has_alpha,
        has_alpha=has_alpha,
        bit_depth=_BITS[image.format],
        profile=profile,
        dpi=_dpi_of(path, kind, exif),
        exif=exif,
    )


def _dpi_of(path: Path, kind: ImageFormat, exif: Image.Exif | None) -> tuple[float, float] | None:
    """Return the resolution as the format's reader finds it; libvips reports one in every case."""
    if not kind.has_resolution:
        return None if exif is None else dpi_of_exif(exif)
    with open_image(path, kind) as opened:
        return opened.dpi


def exif_of(data: bytes) -> Image.Exif:
    """Parse EXIF data, with the ``Exif`` header or without."""
    exif = Image.Exif()
    exif.load(data)
    return exif
