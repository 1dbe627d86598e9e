"""The kinds of image that are read and written: one table, so that a new kind is one more row."""

from __future__ import annotations

from dataclasses import dataclass

from upscaler.errors import FormatTooSmall


@dataclass(frozen=True)
class ImageFormat:
    """One kind of image.

    Attributes:
        name: the name used in options and receipts.
        label: the name that people see.
        mime_type: its IANA media type.
        extensions: file name endings in lower case without the dot; the first one is used for results.
        signatures: how a file of this kind begins, as (offset, bytes) pairs of which all must be there; one
            tuple of pairs for each variant.
        brands: for files of the ISO base media format, the brands of which one must be named at the start.
        writable: whether results can be of this kind.
        max_side: the longest side in pixels that a written file can have.
        max_pixels: the most pixels of a written file, 0 where only the sides are bounded.
        has_alpha: whether a written file can hold transparency.
        deep: whether a written file can have 16 bits per channel.
        has_exif: whether a written file carries EXIF data.
        has_resolution: whether a written file has dots per inch of its own, outside EXIF data.
        default_quality: 1 to 100, for kinds whose compression loses something; None for the others.
        is_series: whether several images in one file are an animation or pages, all of them wanted. Elsewhere they
            are small copies, depth maps and the like.

    """

    name: str
    label: str
    mime_type: str
    extensions: tuple[str, ...]
    signatures: tuple[tuple[tuple[int, bytes], ...], ...] = ()
    brands: tuple[bytes, ...] = ()
    writable: bool = False
    max_side: int = 0
    max_pixels: int = 0
    has_alpha: bool = True
    deep: bool = False
    has_exif: bool = True
    has_resolution: bool = True
    default_quality: int | None = None
    is_series: bool = False

    def matches(self, head: bytes) -> bool:
        """Tell whether a file that begins with ``head`` is of this kind."""
        signed = any(
            all(head[offset : offset + len(magic)] == magic for offset, magic in variant)
            for variant in self.signatures
        )
        return signed or not _brands_of(head).isdisjoint(self.brands)

    def holds(self, width: int, height: int) -> bool:
        """Tell whether a written file can have that many pixels."""
        return max(width, height) <= self.max_side and width * height <= (self.max_pixels or width * height)


JPEG = ImageFormat(
    name="jpeg",
    label="JPEG",
    mime_type="image/jpeg",
    extensions=("jpg", "jpeg", "jpe", "jfif"),
    signatures=(((0, b"\xff\xd8\xff"),),),
    writable=True,
    max_side=65500,  # libjpeg's JPEG_MAX_DIMENSION; the file format itself would allow 65535
    has_alpha=False,
    default_quality=92,
)
PNG = ImageFormat(
    name="png",
    label="PNG",
    mime_type="image/png",
    extensions=("png", "apng"),
    signatures=(((0, b"\x89PNG\r\n\x1a\n"),),),
    writable=True,
    max_side=1_000_000,  # libpng's default limit for readers (PNG_USER_WIDTH_MAX)
    deep=True,
    is_series=True,
)
WEBP = ImageFormat(
    name="webp",
    label="WebP",
    mime_type="image/webp",
    extensions=("webp",),
    signatures=(((0, b"RIFF"), (8, b"WEBP")),),
    writable=True,
    max_side=16383,  # 14 bits in the VP8 header
    has_resolution=False,
    default_quality=98,  # as many bytes as a JPEG at 92; at 92, colours are off by a quarter to a half more
    is_series=True,
)
TIFF = ImageFormat(
    name="tiff",
    label="TIFF",
    mime_type="image/tiff",
    extensions=("tif", "tiff"),
    signatures=(((0, b"II*\x00"),), ((0, b"MM\x00*"),), ((0, b"II+\x00"),), ((0, b"MM\x00+"),)),
    writable=True,
    max_side=1_000_000,  # the file format allows 2**32 - 1; few readers go beyond this
    deep=True,
    has_exif=False,  # libvips writes none into TIFF
    is_series=True,
)
AVIF = ImageFormat(
    name="avif",
    label="AVIF",
    mime_type="image/avif",
    extensions=("avif",),
    brands=(b"avif", b"avis"),
    writable=True,
    max_side=16384,  # libheif's limit
    max_pixels=64_000_000,  # the encoder holds the whole image, at about 25 bytes a pixel
    has_resolution=False,
    default_quality=90,
    is_series=True,
)
HEIC = ImageFormat(
    name="heic",
    label="HEIC",
    mime_type="image/heic",
    extensions=("heic", "heif", "hif"),
    brands=(b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"),
)
GIF = ImageFormat(
    name="gif",
    label="GIF",
    mime_type="image/gif",
    extensions=("gif",),
    signatures=(((0, b"GIF87a"),), ((0, b"GIF89a"),)),
    is_series=True,
)
BMP = ImageFormat(
    name="bmp",
    label="BMP",
    mime_type="image/bmp",
    extensions=("bmp", "dib"),
    signatures=(((0, b"BM"), (6, b"\0\0\0\0")),),  # two letters alone begin many a text
)

FORMATS = (JPEG, PNG, WEBP, TIFF, AVIF, HEIC, GIF, BMP)
OUTPUT_FORMATS = tuple(kind.name for kind in FORMATS if kind.writable)
INPUT_MIME_TYPES = tuple(kind.mime_type for kind in FORMATS)
IMAGE_EXTENSIONS = frozenset(extension for kind in FORMATS for extension in kind.extensions)


def format_named(name: str) -> ImageFormat:
    """Return the kind of that name; raise ``KeyError`` for an unknown one."""
    return {kind.name: kind for kind in FORMATS}[name]


def format_for_mime(mime_type: str) -> ImageFormat:
    """Return the kind with that media type; raise ``KeyError`` for an unknown one."""
    return {kind.mime_type: kind for kind in FORMATS}[mime_type]


def format_for_extension(extension: str) -> ImageFormat | None:
    """Return the kind whose names end in ``extension`` (no dot, any case), or None."""
    return next((kind for kind in FORMATS if extension.lower() in kind.extensions), None)


def format_of_content(head: bytes) -> ImageFormat | None:
    """Return the kind whose signature ``head`` (at least the first 64 bytes) carries, or None."""
    return next((kind for kind in FORMATS if kind.matches(head)), None)


def extensions_of(mime_type: str) -> tuple[str, ...]:
    """Return the file name endings of a media type, without dots; raise ``KeyError`` for an unknown type."""
    return format_for_mime(mime_type).extensions


def check_result_size(width: int, height: int, kind: ImageFormat) -> None:
    """Raise ``FormatTooSmall`` when that kind of file cannot hold an image of that many pixels."""
    if kind.holds(width, height):
        return
    limit = f"{kind.max_side} x {kind.max_side} pixels"
    if kind.max_pixels:
        limit += f", {kind.max_pixels // 1_000_000} MP"
    roomy = [other.label for other in FORMATS if other.writable and other.holds(width, height)]
    raise FormatTooSmall(
        kind=kind.label, limit=limit, width=width, height=height, choices=", ".join(roomy) or "-"
    )


def _brands_of(head: bytes) -> frozenset[bytes]:
    """Return the brands that a file of the ISO base media format names (ISO/IEC 14496-12, 4.3)."""
    if head[4:8] != b"ftyp":
        return frozenset()
    end = min(int.from_bytes(head[:4], "big"), len(head), 64)
    return frozenset(head[start : start + 4] for start in (8, *range(16, end - 3, 4)))
