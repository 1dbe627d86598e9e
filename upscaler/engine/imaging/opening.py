"""Opening image files: one reader for each format, and the facts that a header holds.

This module is what a sandboxed child runs on files from strangers: it imports Pillow and NumPy, and what few files
need only when one of them comes.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from upscaler.engine.imaging.formats import FORMATS
from upscaler.engine.imaging.image_format import SIGNATURE_BYTES, ImageFormat
from upscaler.engine.imaging.jpeg_steps import quality_of_table
from upscaler.engine.imaging.orientation import is_transposed
from upscaler.engine.imaging.readers.base import OpenedImage
from upscaler.errors import DamagedImage, EmptyFile, UpscalerError

# Pillow's `Image.open` applies a limit on pixels that is one for the whole process and cannot be set per call, so the
# readers are called directly and the caller's own limits decide. Only these parsers ever see a file. All are imported
# here, before a child limits what it may do.
_READERS: dict[str, Any] = {kind.name: resolve_name(kind.reader.opener) for kind in FORMATS}
for _kind in FORMATS:
    _kind.reader.load_plugin()


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
        jpeg_quality: libjpeg quality that is nearest to the compression of a JPEG file, 1 to 100; of other files, and
            of what was saved as JPEG before, once it was looked for in the pixels; None where there is none.

    """

    format: str
    mime_type: str
    width: int
    height: int
    mode: str
    has_alpha: bool
    frames: int
    bit_depth: int
    jpeg_quality: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the facts as JSON-ready values."""
        return asdict(self)


def read_head(path: Path) -> bytes:
    """Return the first bytes of a file, enough for its signature.

    Raises:
        EmptyFile: it has no bytes.

    """
    with path.open("rb") as file:
        head = file.read(SIGNATURE_BYTES)
    if not head:
        raise EmptyFile
    return head


@contextmanager
def open_image(path: Path, kind: ImageFormat) -> Iterator[OpenedImage]:
    """Open a file with the one reader of its format; its failures, now or later, become ``DamagedImage``.

    Raises:
        UnsupportedLayout: the file is whole, and no reader is proven to read its layout right.

    """
    try:
        with path.open("rb") as file, warnings.catch_warnings():
            # Pillow warns about odd metadata; whether the pixels can be read is what matters here.
            warnings.simplefilter("ignore")
            opened = _READERS[kind.name](file, kind)
            try:
                yield opened
            finally:
                opened.close()
    except UpscalerError:
        raise
    except Exception as error:
        # Parsers of hostile bytes fail in more ways than their documentation names: OSError, SyntaxError,
        # ValueError, struct.error, MemoryError, IndexError, KeyError and others. All of them mean that the
        # file cannot be read.
        raise DamagedImage from error


def describe(opened: OpenedImage, kind: ImageFormat) -> ImageInfo:
    """Return the facts of an opened, not yet decoded, image."""
    width, height = opened.size
    if is_transposed(opened.orientation):
        width, height = height, width
    return ImageInfo(
        format=kind.name,
        mime_type=kind.mime_type,
        width=width,
        height=height,
        mode=opened.mode,
        has_alpha=opened.has_alpha,
        frames=opened.frames,
        bit_depth=opened.bit_depth,
        jpeg_quality=None if opened.luma_steps is None else quality_of_table(opened.luma_steps),
    )
