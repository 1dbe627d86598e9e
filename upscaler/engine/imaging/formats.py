"""The image formats that are read and written: one table, so that a new format is one more row."""

from __future__ import annotations

import struct

from upscaler.engine.imaging.bmp_header import HEADER_SIZES
from upscaler.engine.imaging.image_format import ImageFormat, Reader, Writer, checked
from upscaler.errors import FormatTooSmall

_READERS = "upscaler.engine.imaging.readers"

# The writers' options were chosen by measuring 27 MB of textured image on one core: JPEG 240 MB/s, WebP effort 2
# 12 MB/s (effort 4: 6 MB/s), AVIF effort 0 5 MB/s (effort 1: 1.4 MB/s for 12 % less, effort 2 the half of that).
JPEG = ImageFormat(
    name="jpeg",
    label="JPEG",
    mime_type="image/jpeg",
    extensions=("jpg", "jpeg", "jpe", "jfif", "jif", "jfi", "mpo"),
    reader=Reader(None, f"{_READERS}.jpeg_reader:JpegImage"),
    shown_in_browsers=True,
    signatures=(((0, b"\xff\xd8\xff"),),),
    writer=Writer("jpegsave", {"subsample_mode": "off", "optimize_coding": True}, resolution_in_exif=True),
    max_side=65500,  # libjpeg's JPEG_MAX_DIMENSION; the file format itself would allow 65535
    has_exif=True,
    has_resolution=True,
    default_quality=92,
)
PNG = ImageFormat(
    name="png",
    label="PNG",
    mime_type="image/png",
    extensions=("png", "apng"),
    reader=Reader("PIL.PngImagePlugin:PngImageFile", f"{_READERS}.png_reader:PngImage"),
    shown_in_browsers=True,
    signatures=(((0, b"\x89PNG\r\n\x1a\n"),),),
    is_series=True,
    writer=Writer(),
    max_side=1_000_000,  # libpng's default limit for readers (PNG_USER_WIDTH_MAX)
    has_alpha=True,
    deep=True,
    has_exif=True,
    has_resolution=True,
)
WEBP = ImageFormat(
    name="webp",
    label="WebP",
    mime_type="image/webp",
    extensions=("webp",),
    reader=Reader(None, f"{_READERS}.webp_reader:WebpImage"),
    shown_in_browsers=True,
    signatures=(((0, b"RIFF"), (8, b"WEBP")),),
    is_series=True,
    writer=Writer("webpsave", {"effort": 2, "smart_subsample": True}, resolution_in_exif=True),
    max_side=16383,  # 14 bits in the VP8 header
    has_alpha=True,
    has_exif=True,
    default_quality=98,  # as many bytes as a JPEG at 92; at 92, colours are off by a quarter to a half more
)
TIFF = ImageFormat(
    name="tiff",
    label="TIFF",
    mime_type="image/tiff",
    extensions=("tif", "tiff"),
    reader=Reader("PIL.TiffImagePlugin:TiffImageFile", f"{_READERS}.tiff_reader:TiffImage"),
    shown_in_browsers=False,
    signatures=(((0, b"II*\x00"),), ((0, b"MM\x00*"),), ((0, b"II+\x00"),), ((0, b"MM\x00+"),)),
    is_series=True,
    writer=Writer(
        "tiffsave",
        {"compression": "deflate", "predictor": "horizontal", "level": 2},
        large_options={"bigtiff": True},
    ),
    max_side=1_000_000,  # the file format allows 2**32 - 1; few readers go beyond this
    has_alpha=True,
    deep=True,
    has_exif=False,  # libvips writes none into TIFF
    has_resolution=True,
)
AVIF = ImageFormat(
    name="avif",
    label="AVIF",
    mime_type="image/avif",
    extensions=("avif", "avifs"),
    reader=Reader("PIL.AvifImagePlugin:AvifImageFile", f"{_READERS}.avif_reader:AvifImage"),
    shown_in_browsers=True,
    brands=(b"avif", b"avis"),
    is_series=True,
    writer=Writer(
        "heifsave", {"compression": "av1", "effort": 0, "subsample_mode": "off"}, resolution_in_exif=True
    ),
    max_side=16384,  # libheif's limit
    max_pixels=64_000_000,  # the encoder holds the whole image, at about 25 bytes a pixel
    has_alpha=True,
    has_exif=True,
    default_quality=90,
)
HEIC = ImageFormat(
    name="heic",
    label="HEIC",
    mime_type="image/heic",
    extensions=("heic", "heif", "hif", "heics", "heifs"),
    reader=Reader(None, f"{_READERS}.heic_reader:HeicImage"),
    shown_in_browsers=False,
    brands=(b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"),
)
GIF = ImageFormat(
    name="gif",
    label="GIF",
    mime_type="image/gif",
    extensions=("gif",),
    reader=Reader("PIL.GifImagePlugin:GifImageFile", f"{_READERS}.gif_reader:GifImage"),
    shown_in_browsers=False,  # browsers play what is most often an animation; the engine reads its first image
    signatures=(((0, b"GIF87a"),), ((0, b"GIF89a"),)),
    is_series=True,
)
BMP = ImageFormat(
    name="bmp",
    label="BMP",
    mime_type="image/bmp",
    extensions=("bmp", "dib"),
    reader=Reader(None, f"{_READERS}.bmp_reader:BmpImage"),
    shown_in_browsers=True,
    # Two letters alone begin many a text; the length of the second header is one of a few.
    signatures=tuple(((0, b"BM"), (14, struct.pack("<I", size))) for size in HEADER_SIZES),
)

FORMATS = checked((JPEG, PNG, WEBP, TIFF, AVIF, HEIC, GIF, BMP))
OUTPUT_FORMATS = tuple(kind.name for kind in FORMATS if kind.writable)
INPUT_MIME_TYPES = tuple(kind.mime_type for kind in FORMATS)
SHOWN_MIME_TYPES = tuple(kind.mime_type for kind in FORMATS if kind.shown_in_browsers)
IMAGE_EXTENSIONS = frozenset(extension for kind in FORMATS for extension in kind.extensions)


def format_named(name: str) -> ImageFormat:
    """Return the format of that name; raise ``KeyError`` for an unknown one."""
    return {kind.name: kind for kind in FORMATS}[name]


def format_for_mime(mime_type: str) -> ImageFormat:
    """Return the format with that media type; raise ``KeyError`` for an unknown one."""
    return {kind.mime_type: kind for kind in FORMATS}[mime_type]


def format_for_extension(extension: str) -> ImageFormat | None:
    """Return the format whose names end in ``extension`` (no dot, any case), or None."""
    return next((kind for kind in FORMATS if extension.lower() in kind.extensions), None)


def format_of_content(head: bytes) -> ImageFormat | None:
    """Return the format whose signature ``head`` (at least the first 64 bytes) carries, or None."""
    return next((kind for kind in FORMATS if kind.matches(head)), None)


def extensions_of(mime_type: str) -> tuple[str, ...]:
    """Return the file name endings of a media type, without dots; raise ``KeyError`` for an unknown type."""
    return format_for_mime(mime_type).extensions


def check_result_size(width: int, height: int, kind: ImageFormat) -> None:
    """Raise ``FormatTooSmall`` when a file of that format cannot hold an image of that many pixels."""
    if kind.holds(width, height):
        return
    is_too_long = max(width, height) > kind.max_side
    limit = f"{kind.max_side} x {kind.max_side}" if is_too_long else f"{kind.max_pixels:,}"
    roomy = [other.label for other in FORMATS if other.writable and other.holds(width, height)]
    raise FormatTooSmall(
        kind=kind.label, limit=limit, width=width, height=height, choices=", ".join(roomy) or "-"
    )
