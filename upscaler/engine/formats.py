"""The kinds of picture that are read and written: one table, so that a new kind is one more row."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PictureFormat:
    """One kind of picture.

    Attributes:
        name: the name used in options and receipts.
        mime_type: its IANA media type.
        extensions: file name endings in lower case without the dot; the first one is used for results.
        signatures: how a file of this kind begins, as (offset, bytes) pairs of which all must be there; one
            tuple of pairs for each variant.
        max_side: the longest side in pixels that a written file can have.
        has_alpha: whether a written file can hold transparency.

    """

    name: str
    mime_type: str
    extensions: tuple[str, ...]
    signatures: tuple[tuple[tuple[int, bytes], ...], ...]
    max_side: int
    has_alpha: bool = True

    def matches(self, head: bytes) -> bool:
        """Tell whether a file that begins with ``head`` is of this kind."""
        return any(
            all(head[offset : offset + len(magic)] == magic for offset, magic in variant)
            for variant in self.signatures
        )


JPEG = PictureFormat(
    name="jpeg",
    mime_type="image/jpeg",
    extensions=("jpg", "jpeg", "jpe", "jfif"),
    signatures=(((0, b"\xff\xd8\xff"),),),
    max_side=65500,  # libjpeg's JPEG_MAX_DIMENSION; the file format itself would allow 65535
    has_alpha=False,
)
PNG = PictureFormat(
    name="png",
    mime_type="image/png",
    extensions=("png",),
    signatures=(((0, b"\x89PNG\r\n\x1a\n"),),),
    max_side=1_000_000,  # libpng's default limit for readers (PNG_USER_WIDTH_MAX)
)
WEBP = PictureFormat(
    name="webp",
    mime_type="image/webp",
    extensions=("webp",),
    signatures=(((0, b"RIFF"), (8, b"WEBP")),),
    max_side=16383,  # 14 bits in the VP8 header
)
TIFF = PictureFormat(
    name="tiff",
    mime_type="image/tiff",
    extensions=("tif", "tiff"),
    signatures=(((0, b"II*\x00"),), ((0, b"MM\x00*"),), ((0, b"II+\x00"),), ((0, b"MM\x00+"),)),
    max_side=1_000_000,  # the file format allows 2**32 - 1; few readers go beyond this
)

FORMATS = (JPEG, PNG, WEBP, TIFF)
INPUT_MIME_TYPES = tuple(kind.mime_type for kind in FORMATS)
PICTURE_EXTENSIONS = frozenset(extension for kind in FORMATS for extension in kind.extensions)


def format_named(name: str) -> PictureFormat:
    """Return the kind of that name; raise ``KeyError`` for an unknown one."""
    return {kind.name: kind for kind in FORMATS}[name]


def format_for_mime(mime_type: str) -> PictureFormat:
    """Return the kind with that media type; raise ``KeyError`` for an unknown one."""
    return {kind.mime_type: kind for kind in FORMATS}[mime_type]


def format_of_content(head: bytes) -> PictureFormat | None:
    """Return the kind whose signature ``head`` (at least the first 12 bytes) carries, or None."""
    return next((kind for kind in FORMATS if kind.matches(head)), None)


def extensions_of(mime_type: str) -> tuple[str, ...]:
    """Return the file name endings of a media type, without dots; raise ``KeyError`` for an unknown type."""
    return format_for_mime(mime_type).extensions
