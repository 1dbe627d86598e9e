"""Opening image files: one reader for each format, and the facts that a header holds.

This module is what a sandboxed child runs on files from strangers, so it imports Pillow and nothing heavier.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from PIL import Image, ImageFile

from upscaler.engine.imaging.formats import FORMATS
from upscaler.engine.imaging.image_format import ImageFormat
from upscaler.errors import DamagedImage, EmptyFile, UpscalerError

ORIENTATION_TAG = 0x0112
# Room for what is read before a parser is: signatures, the size of a WebP, the depth of an AVIF.
_HEAD_BYTES = 4096

# Pillow's `Image.open` applies a limit on pixels that is one for the whole process and cannot be set per call, so the
# readers are called directly and the caller's own limits decide. Only these parsers ever see a file. All are imported
# here, before a child limits what it may do.
_READERS: dict[str, Any] = {kind.name: resolve_name(kind.reader.plugin) for kind in FORMATS}


@dataclass(frozen=True)
class ImageInfo:
    """Facts from a file's header.

    Attributes:
        format: name of the image format, as in ``formats.FORMATS``.
        mime_type: its media type.
        width: pixels from left to right as seen, that is after the orientation tag is applied.
        height: pixels from top to bottom as seen.
        mode: Pillow's name of the pixel layout, such as ``RGB`` or ``I;16``.
        has_alpha: whether the file carries transparency.
        frames: number of images in the file.
        bit_depth: bits per channel as stored.

    """

    format: str
    mime_type: str
    width: int
    height: int
    mode: str
    has_alpha: bool
    frames: int
    bit_depth: int

    def as_dict(self) -> dict[str, Any]:
        """Return the facts as JSON-ready values."""
        return asdict(self)


def read_head(path: Path) -> bytes:
    """Return the first bytes of a file, enough for its signature and its size in pixels.

    Raises:
        EmptyFile: it has no bytes.

    """
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if not head:
        raise EmptyFile
    return head


@contextmanager
def open_image(path: Path, kind: ImageFormat) -> Iterator[ImageFile.ImageFile]:
    """Open a file with the one reader of its format; its failures, now or later, become ``DamagedImage``."""
    try:
        with path.open("rb") as file, warnings.catch_warnings():
            # Pillow warns about odd metadata; whether the pixels can be read is what matters here.
            warnings.simplefilter("ignore")
            with _READERS[kind.name](file) as image:
                yield image
    except UpscalerError:
        raise
    except Exception as error:
        # Parsers of hostile bytes fail in more ways than their documentation names: OSError, SyntaxError,
        # ValueError, struct.error, MemoryError, IndexError, KeyError and others. All of them mean that the
        # file cannot be read.
        raise DamagedImage from error


def describe(image: ImageFile.ImageFile, kind: ImageFormat, head: bytes) -> ImageInfo:
    """Return the facts of an opened, not yet decoded, image; ``head`` is the beginning of its file."""
    width, height = image.size
    # A reader that turns the image by itself reports the turned size.
    if not kind.reader.turns and orientation_of(image) >= 5:
        width, height = height, width
    return ImageInfo(
        format=kind.name,
        mime_type=kind.mime_type,
        width=width,
        height=height,
        mode=image.mode,
        has_alpha=image.has_transparency_data,
        frames=getattr(image, "n_frames", 1),
        bit_depth=kind.reader.bit_depth(image, head),
    )


def orientation_of(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 to 8; 1 when there is none or it makes no sense."""
    value = image.getexif().get(ORIENTATION_TAG, 1)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1
