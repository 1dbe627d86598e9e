"""A row of the table of image formats, and the check that each row is whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pkgutil import resolve_name
from typing import Any

# Bytes at the beginning of a file that its signature and its brands lie within.
SIGNATURE_BYTES = 64


@dataclass(frozen=True)
class Reader:
    """Reader of a format's files.

    Attributes:
        plugin: Pillow's reader as ``module:name``, None for an opener that uses none. It is called with an open file
            and returns an image that is not decoded yet.
        opener: the class of this package that opens files of the format, as ``module:name``.

    """

    plugin: str | None
    opener: str = "upscaler.engine.imaging.readers.pillow_reader:PillowImage"

    def load_plugin(self) -> Any:
        """Return Pillow's reader, None for an opener that uses none."""
        return None if self.plugin is None else resolve_name(self.plugin)


@dataclass(frozen=True)
class Writer:
    """Writer of a format's files.

    Attributes:
        saver: libvips's operation; None for the one format that this package writes itself, PNG.
        options: the operation's options.
        large_options: further options for images of several gigabytes of pixels.
        resolution_in_exif: whether the operation writes the resolution only where it may write EXIF data.

    """

    saver: str | None = None
    options: Mapping[str, str | int | bool] = field(default_factory=dict)
    large_options: Mapping[str, str | int | bool] = field(default_factory=dict)
    resolution_in_exif: bool = False


@dataclass(frozen=True, eq=False)
class ImageFormat:
    """One image format; each row of the table is one object.

    Attributes:
        name: the name used in options and receipts.
        label: the name that people see.
        mime_type: its IANA media type.
        extensions: file name endings in lower case without the dot; the first one is used for results.
        reader: how it is read.
        shown_in_browsers: whether current browsers show such a file, as the image that the engine reads of it.
        signatures: how a file begins, as (offset, bytes) pairs of which all must be there; one tuple of pairs for
            each variant.
        brands: for files of the ISO base media format, the brands of which one must be named at the start.
        is_series: whether several images in one file are an animation or pages, all of them wanted. Elsewhere they
            are small copies, depth maps and the like.
        writer: how it is written; None for a format that is only read. What follows is about written files.
        max_side: the longest side in pixels.
        max_pixels: the most pixels, 0 where only the sides are bounded.
        has_alpha: whether a file can hold transparency.
        deep: whether a file can have 16 bits per channel.
        has_exif: whether a file carries EXIF data.
        has_resolution: whether a file has dots per inch of its own, outside EXIF data.
        default_quality: 1 to 100, for formats whose compression loses something; None for the others.

    """

    name: str
    label: str
    mime_type: str
    extensions: tuple[str, ...]
    reader: Reader
    shown_in_browsers: bool
    signatures: tuple[tuple[tuple[int, bytes], ...], ...] = ()
    brands: tuple[bytes, ...] = ()
    is_series: bool = False
    writer: Writer | None = None
    max_side: int = 0
    max_pixels: int = 0
    has_alpha: bool = False
    deep: bool = False
    has_exif: bool = False
    has_resolution: bool = False
    default_quality: int | None = None

    @property
    def writable(self) -> bool:
        """Whether results can be of this format."""
        return self.writer is not None

    def matches(self, head: bytes) -> bool:
        """Return whether a file that begins with ``head`` is of this format."""
        signed = any(
            all(head[offset : offset + len(magic)] == magic for offset, magic in variant)
            for variant in self.signatures
        )
        return signed or not _brands_of(head).isdisjoint(self.brands)

    def holds(self, width: int, height: int) -> bool:
        """Return whether a written file can have that many pixels."""
        return max(width, height) <= self.max_side and width * height <= (self.max_pixels or width * height)


def checked(formats: Sequence[ImageFormat]) -> tuple[ImageFormat, ...]:
    """Return the rows of the table.

    Raises:
        ValueError: a row is not whole, or two rows claim the same; the text names both in one line.

    """
    for kind in formats:
        for problem in _problems(kind):
            raise ValueError(f"image format {kind.name!r}: {problem}")
    for what, claims in (
        ("name", [(kind.name, kind.name) for kind in formats]),
        ("media type", [(kind.mime_type, kind.name) for kind in formats]),
        ("extension", [(extension, kind.name) for kind in formats for extension in kind.extensions]),
        ("signature", [(variant, kind.name) for kind in formats for variant in kind.signatures]),
        ("brand", [(brand, kind.name) for kind in formats for brand in kind.brands]),
    ):
        _check_unique(what, claims)
    return tuple(formats)


def _problems(kind: ImageFormat) -> Iterable[str]:
    if not kind.extensions or any(
        not ending.isalnum() or ending != ending.lower() for ending in kind.extensions
    ):
        yield "extensions are lower-case endings without a dot, at least one"
    if not (kind.signatures or kind.brands):
        yield "it needs a signature or a brand"
    if any(offset + len(magic) > SIGNATURE_BYTES for variant in kind.signatures for offset, magic in variant):
        yield f"a signature lies within the first {SIGNATURE_BYTES} bytes"
    if any(len(brand) != 4 for brand in kind.brands):
        yield "a brand has 4 bytes"
    if kind.writable:
        yield from _writing_problems(kind)
    elif kind.max_side or kind.default_quality is not None:
        yield "it has properties of a written file but no writer"


def _writing_problems(kind: ImageFormat) -> Iterable[str]:
    if kind.writer is not None and kind.writer.saver is None and kind.name != "png":
        yield "only PNG is written without libvips: name a saver"
    if kind.max_side < 1:
        yield "a written file needs max_side"
    if kind.default_quality is not None and not 1 <= kind.default_quality <= 100:
        yield f"default_quality {kind.default_quality} is not between 1 and 100"


def _check_unique(what: str, claims: Iterable[tuple[object, str]]) -> None:
    owners: dict[object, str] = {}
    for claim, owner in claims:
        if claim in owners:
            raise ValueError(f"image formats {owners[claim]!r} and {owner!r}: both have the {what} {claim!r}")
        owners[claim] = owner


def _brands_of(head: bytes) -> frozenset[bytes]:
    """Return the brands that a file of the ISO base media format names (ISO/IEC 14496-12, 4.3)."""
    if head[4:8] != b"ftyp":
        return frozenset()
    end = min(int.from_bytes(head[:4], "big"), len(head), SIGNATURE_BYTES)
    return frozenset(head[start : start + 4] for start in (8, *range(16, end - 3, 4)))
