"""Judge a file before it is accepted: its kind, its size, and whether it can be read to its end.

This module is what a sandboxed child runs on files from strangers, so it imports Pillow and nothing heavier.
"""

from __future__ import annotations

import struct
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)
from pillow_heif import HeifImageFile

from upscaler.engine.imaging.crops import Crop, cut
from upscaler.engine.imaging.formats import (
    AVIF,
    BMP,
    FORMATS,
    GIF,
    HEIC,
    JPEG,
    PNG,
    TIFF,
    WEBP,
    ImageFormat,
    format_of_content,
)
from upscaler.errors import (
    DamagedImage,
    EmptyFile,
    ExtensionMismatch,
    SeveralImages,
    TooManyPixels,
    UnsupportedImage,
    UpscalerError,
)

ORIENTATION_TAG = 0x0112
_TIFF_BITS_PER_SAMPLE = 258
# Room for what is read before a parser is: signatures, the size of a WebP, the depth of an AVIF.
_HEAD_BYTES = 4096

# Pillow's `Image.open` applies a limit on pixels that is one for the whole process and cannot be set per
# call, so the readers are called directly and the caller's own limits decide. Only these parsers ever see
# a file.
_READERS: dict[str, Callable[..., Any]] = {
    JPEG.name: JpegImagePlugin.jpeg_factory,
    PNG.name: PngImagePlugin.PngImageFile,
    WEBP.name: WebPImagePlugin.WebPImageFile,
    TIFF.name: TiffImagePlugin.TiffImageFile,
    AVIF.name: AvifImagePlugin.AvifImageFile,
    HEIC.name: HeifImageFile,
    GIF.name: GifImagePlugin.GifImageFile,
    BMP.name: BmpImagePlugin.BmpImageFile,
}


@dataclass(frozen=True)
class ImageInfo:
    """What a file holds.

    Attributes:
        format: name of the kind of image, as in ``formats.FORMATS``.
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


@dataclass(frozen=True)
class InspectionLimits:
    """What is accepted: media types, pixels per side, pixels in all, and whether animations and pages are."""

    allowed_mimes: tuple[str, ...]
    max_side: int
    max_pixels: int
    series: bool = True


@dataclass(frozen=True)
class Cutting:
    """A piece that is wanted of the image, and the file for it."""

    crop: Crop
    target: Path


def inspect_image(
    path: Path, limits: InspectionLimits, filename: str | None = None, cutting: Cutting | None = None
) -> ImageInfo:
    """Check a file in this process and say what it holds.

    The kind comes from the content alone, the limits are judged from the header before any pixel is decoded,
    and the first image is then decoded in full to prove that it is complete.

    Args:
        path: the file.
        limits: what is accepted.
        filename: the name its sender gave it, compared with the content when it has an extension.
        cutting: a piece to write as a file of its own.

    Raises:
        EmptyFile: it has no bytes.
        UnsupportedImage: it is not one of the accepted kinds.
        ExtensionMismatch: its name says otherwise than its content.
        TooManyPixels: it is larger than the limits.
        SeveralImages: it is an animation or has pages, and such files are not accepted.
        DamagedImage: it cannot be read to its end.
        CropOutside: the wanted piece does not lie within it.

    """
    head = _read_head(path)
    kind = format_of_content(head)
    if kind is None or kind.mime_type not in limits.allowed_mimes:
        raise UnsupportedImage(formats=_names_of(limits.allowed_mimes))
    if filename is not None:
        _check_extension(filename, kind)
    if kind is WEBP:
        # Pillow reserves the whole canvas while it opens a WebP file: judge its size before that.
        _check_size(*webp_size(head), limits)
    with open_image(path, kind) as image:
        # First of all, since even asking Pillow for the orientation of a PNG file decodes its pixels.
        _check_size(*image.size, limits)
        info = describe(image, kind, head)
        if kind.is_series and info.frames > 1 and not limits.series:
            raise SeveralImages(count=info.frames)
        image.load()
        if cutting is not None:
            cut(image, cutting.crop, cutting.target)
    return info


@contextmanager
def open_image(path: Path, kind: ImageFormat) -> Iterator[ImageFile.ImageFile]:
    """Open a file with the one reader of its kind; its failures, now or later, become ``DamagedImage``."""
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
    """Say what an opened, not yet decoded, image holds; ``head`` is the beginning of its file."""
    width, height = image.size
    # Pillow's TIFF reader turns the image by itself and already reports the turned size.
    if kind is not TIFF and orientation_of(image) >= 5:
        width, height = height, width
    return ImageInfo(
        format=kind.name,
        mime_type=kind.mime_type,
        width=width,
        height=height,
        mode=image.mode,
        has_alpha=image.has_transparency_data,
        frames=getattr(image, "n_frames", 1),
        bit_depth=_bit_depth(image, kind, head),
    )


def orientation_of(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 to 8; 1 when there is none or it makes no sense."""
    value = image.getexif().get(ORIENTATION_TAG, 1)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def webp_size(head: bytes) -> tuple[int, int]:
    """Read width and height in pixels from the first 30 bytes of a WebP file (RFC 9649, 2.5 to 2.7)."""
    chunk = head[12:16]
    try:
        if chunk == b"VP8X":
            return 1 + int.from_bytes(head[24:27], "little"), 1 + int.from_bytes(head[27:30], "little")
        if chunk == b"VP8L":
            (bits,) = struct.unpack_from("<I", head, 21)
            return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        if chunk == b"VP8 ":
            width, height = struct.unpack_from("<HH", head, 26)
            return width & 0x3FFF, height & 0x3FFF
    except struct.error as error:
        raise DamagedImage from error
    raise DamagedImage


def read_head(path: Path) -> bytes:
    """Return the first bytes of a file, enough for its signature and its size in pixels."""
    with path.open("rb") as file:
        return file.read(_HEAD_BYTES)


def _read_head(path: Path) -> bytes:
    head = read_head(path)
    if not head:
        raise EmptyFile
    return head


def _names_of(mime_types: tuple[str, ...]) -> str:
    return ", ".join(kind.label for kind in FORMATS if kind.mime_type in mime_types)


def _check_extension(filename: str, kind: ImageFormat) -> None:
    name = PurePosixPath(filename.replace("\\", "/")).name
    extension = PurePosixPath(name).suffix.removeprefix(".").lower()
    if extension and extension not in kind.extensions:
        raise ExtensionMismatch(name=name, kind=kind.label)


def _check_size(width: int, height: int, limits: InspectionLimits) -> None:
    if max(width, height) > limits.max_side:
        raise TooManyPixels(width=width, height=height, limit=f"{limits.max_side} x {limits.max_side}")
    if width * height > limits.max_pixels:
        raise TooManyPixels(width=width, height=height, limit=f"{limits.max_pixels / 1e6:.1f} MP")


def _bit_depth(image: ImageFile.ImageFile, kind: ImageFormat, head: bytes) -> int:
    # Pillow reduces 16-bit colour to 8 bits while it decodes, so its mode does not tell.
    if kind is PNG:
        return head[24]
    if kind is TIFF:
        bits = image.tag_v2.get(_TIFF_BITS_PER_SAMPLE, (1,))  # type: ignore[attr-defined]  # a TIFF image has tags
        return int(max(bits)) if isinstance(bits, tuple) else int(bits)
    if kind is HEIC:
        return int(image.info.get("bit_depth", 8))
    return _av1_bit_depth(head) if kind is AVIF else 8


def _av1_bit_depth(head: bytes) -> int:
    """Read the depth from the configuration of the codec, ``av1C`` (AV1 in ISOBMFF, 2.3.3)."""
    flags = head[head.find(b"av1C") :][6:7]
    if not flags or not flags[0] & 0x40:
        return 8
    return 12 if flags[0] & 0x20 else 10
