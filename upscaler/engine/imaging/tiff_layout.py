"""The layouts of TIFF files (TIFF 6.0 and its supplements), and the reader that is proven right for each.

A layout that no row of the table covers is refused: readers differ on what such files show. The contract tests write
files of every row by hand and compare them with what was written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from upscaler.engine.imaging.samples import CHANNELS, Space

_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _SEPARATED, _YCBCR, _CIELAB = 0, 1, 2, 3, 5, 6, 8
_UNSIGNED, _SIGNED, _FLOAT, _UNDEFINED = 1, 2, 3, 4
_PREMULTIPLIED, _STRAIGHT = 1, 2
_CMYK_INKS = 1
# Compressions that lose nothing: none, LZW, both numbers of deflate, PackBits, LZMA, Zstandard.
_LOSSLESS = frozenset({1, 5, 8, 32946, 32773, 34925, 50000})
_FAX = frozenset({2, 3, 4})
_JPEG, _WEBP = 7, 50001
_NAMES = {
    0: "white-is-zero",
    1: "gray",
    2: "RGB",
    3: "palette",
    5: "CMYK",
    6: "YCbCr",
    8: "CIE Lab",
    9: "ICC Lab",
    32803: "camera raw",
    34892: "linear raw",
    32844: "LogL",
    32845: "LogLuv",
}
_FORMATS = {_UNSIGNED: "", _SIGNED: " signed", _FLOAT: " floating-point", _UNDEFINED: ""}


class TiffReader(Enum):
    """A reader of TIFF samples: tifffile gives them as stored, libtiff by way of Pillow as an image."""

    TIFFFILE = "tifffile"
    LIBTIFF = "libtiff"


class Alpha(Enum):
    """What an alpha channel is."""

    NONE = "none"
    STRAIGHT = "straight"
    PREMULTIPLIED = "premultiplied"


@dataclass(frozen=True)
class TiffLayout:
    """How a file stores its pixels, by the values of its tags.

    Attributes:
        photometric: ``PhotometricInterpretation``.
        bits: ``BitsPerSample`` of each channel.
        sample_format: ``SampleFormat``, 1 whole, 2 signed, 3 floating-point.
        compression: ``Compression``.
        extra_samples: ``ExtraSamples``, None where the tag is missing.
        ink_set: ``InkSet``.

    """

    photometric: int
    bits: tuple[int, ...]
    sample_format: int = _UNSIGNED
    compression: int = 1
    extra_samples: tuple[int, ...] | None = None
    ink_set: int = _CMYK_INKS

    @property
    def depth(self) -> int:
        """Bits per channel, the most of all channels."""
        return max(self.bits)

    @property
    def is_float(self) -> bool:
        """Whether the samples are fractions."""
        return self.sample_format == _FLOAT

    @property
    def is_negative(self) -> bool:
        """Whether zero is white."""
        return self.photometric == _WHITE_IS_ZERO

    @property
    def is_palette(self) -> bool:
        """Whether the samples are places in a table of colours."""
        return self.photometric == _PALETTE

    @property
    def is_signed_lab(self) -> bool:
        """Whether a and b are signed, as in CIE Lab; ICC Lab has them offset."""
        return self.photometric == _CIELAB

    @property
    def space(self) -> Space:
        """What the channels are."""
        return _SPACES[self.photometric]

    @property
    def colours(self) -> int:
        """Number of channels that are not extra."""
        return 1 if self.is_palette else CHANNELS[self.space]

    @property
    def extra(self) -> int:
        """Number of extra channels."""
        return len(self.bits) - self.colours

    @property
    def alpha(self) -> Alpha:
        """What the alpha channel is; one extra channel without a tag is taken for it, as libtiff and others do."""
        if self.extra_samples is None:
            return Alpha.STRAIGHT if self.extra == 1 and self.space in ("gray", "rgb") else Alpha.NONE
        return next(
            (_ALPHAS[kind] for kind in self.extra_samples[: self.extra] if kind in _ALPHAS), Alpha.NONE
        )

    @property
    def alpha_channel(self) -> int:
        """Index of the alpha channel, for a layout that has one."""
        kinds = self.extra_samples or (_STRAIGHT,)
        return self.colours + next(n for n, kind in enumerate(kinds) if kind in _ALPHAS)

    @property
    def description(self) -> str:
        """A short English name, for the error."""
        name = _NAMES.get(self.photometric, f"photometric {self.photometric}")
        text = (
            f"{name}, {'/'.join(map(str, sorted(set(self.bits))))}-bit{_FORMATS.get(self.sample_format, '')}"
        )
        return text if self.compression in _LOSSLESS else f"{text}, compression {self.compression}"


_ALPHAS = {_PREMULTIPLIED: Alpha.PREMULTIPLIED, _STRAIGHT: Alpha.STRAIGHT}
_SPACES: Mapping[int, Space] = {
    _WHITE_IS_ZERO: "gray",
    _BLACK_IS_ZERO: "gray",
    _RGB: "rgb",
    _PALETTE: "rgb",
    _SEPARATED: "cmyk",
    _YCBCR: "rgb",
    _CIELAB: "lab",
}
_LIGHT = frozenset({_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _SEPARATED})


@dataclass(frozen=True)
class ProvenLayouts:
    """One row of the table: layouts that a reader is proven to read right.

    Attributes:
        reader: which one.
        photometrics: values of ``PhotometricInterpretation``.
        depths: bits per channel, equal for all channels.
        sample_formats: values of ``SampleFormat``.
        compressions: values of ``Compression``.
        most_extra: the most extra channels.

    """

    reader: TiffReader
    photometrics: frozenset[int]
    depths: frozenset[int]
    sample_formats: frozenset[int]
    compressions: frozenset[int]
    most_extra: int

    def cover(self, layout: TiffLayout) -> bool:
        """Return whether a layout is one of them."""
        return (
            layout.photometric in self.photometrics
            and set(layout.bits) <= self.depths
            and len(set(layout.bits)) == 1
            and layout.sample_format in self.sample_formats
            and layout.compression in self.compressions
            and 0 <= layout.extra <= self.most_extra
            and (layout.photometric != _SEPARATED or layout.ink_set == _CMYK_INKS)
        )


_WHOLE = frozenset({_UNSIGNED, _UNDEFINED})
_NUMBERS = frozenset({*range(1, 17), 32})
PROVEN: tuple[ProvenLayouts, ...] = (
    ProvenLayouts(TiffReader.TIFFFILE, _LIGHT, _NUMBERS, _WHOLE, _LOSSLESS, 4),
    ProvenLayouts(TiffReader.TIFFFILE, _LIGHT, frozenset({16, 32, 64}), frozenset({_FLOAT}), _LOSSLESS, 4),
    ProvenLayouts(
        TiffReader.TIFFFILE, frozenset({_PALETTE}), frozenset({1, 2, 4, 8, 16}), _WHOLE, _LOSSLESS, 0
    ),
    ProvenLayouts(TiffReader.TIFFFILE, frozenset({_CIELAB}), frozenset({8, 16}), _WHOLE, _LOSSLESS, 0),
    ProvenLayouts(TiffReader.TIFFFILE, frozenset({_RGB}), frozenset({8}), _WHOLE, frozenset({_WEBP}), 1),
    ProvenLayouts(
        TiffReader.LIBTIFF,
        frozenset({_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _YCBCR}),
        frozenset({8}),
        _WHOLE,
        frozenset({_JPEG}),
        0,
    ),
    ProvenLayouts(
        TiffReader.LIBTIFF, frozenset({_WHITE_IS_ZERO, _BLACK_IS_ZERO}), frozenset({1}), _WHOLE, _FAX, 0
    ),
)


def proven_reader(layout: TiffLayout) -> TiffReader | None:
    """Return the reader that is proven right for a layout, None where none is."""
    if layout.photometric not in _SPACES:
        return None
    return next((rows.reader for rows in PROVEN if rows.cover(layout)), None)
