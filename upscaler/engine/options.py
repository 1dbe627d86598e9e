"""What a person may ask of an upscaled image, as one validated value."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

from upscaler.engine.imaging.formats import OUTPUT_FORMATS
from upscaler.engine.presets import PRESET_TABLE
from upscaler.errors import (
    InvalidParameter,
    MissingParameter,
    TargetOutOfRange,
    UnknownParameter,
    UnusableParameter,
)

FACTORS = ("2x", "3x", "4x", "8x")
# The factor of a job that names the size of its result instead.
FIT = "fit"
PRESETS = tuple(PRESET_TABLE)
DENOISE_LEVELS = ("none", "low", "med", "high")
SHARPEN_LEVELS = ("none", "low", "med", "high")
DETAILS = range(101)
# How much networks upscale, in one pass through the image or two.
NETWORK_SCALES = (2, 4, 8)
TARGET_SIDES = range(1, 1_000_001)
QUALITIES = range(1, 101)
# "yes" keeps what a camera wrote but the place, "all" the place as well.
KEEP_METADATA = ("no", "yes", "all")
# How models may be named: the name is a folder, and a part of addresses and keys.
MODEL_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")


@dataclass(frozen=True)
class UpscaleOptions:
    """The choices of one job. Every field has a value of its set, or the constructor raises ``InvalidParameter``.

    ``detail`` blends the faithful (0) and the perceptual (100) model of the preset; None is the preset's own choice.
    ``target_width`` and ``target_height`` in pixels stand in for a factor, which is then ``fit``: the result keeps its
    proportions and is as large as both permit. ``quality`` is for kinds of file whose compression loses something;
    None is that kind's own default. ``model`` names the network that is to upscale, in place of those of the preset;
    there is nothing to blend then, so it does not go with ``detail``. ``match_colours`` keeps the tones of the
    original, from which networks drift by some levels.
    """

    factor: str
    preset: str = "standard"
    denoise: str = "none"
    refine_faces: bool = False
    output_format: str = "png"
    quality: int | None = None
    keep_metadata: str = "no"
    sharpen: str = "none"
    detail: int | None = None
    target_width: int | None = None
    target_height: int | None = None
    model: str | None = None
    match_colours: bool = True

    def __post_init__(self) -> None:
        if self.factor != FIT and self.factor not in FACTORS:
            raise InvalidParameter(name="factor", value=self.factor, choices=", ".join(FACTORS))
        for name, choices in (
            ("preset", PRESETS),
            ("denoise", DENOISE_LEVELS),
            ("output_format", OUTPUT_FORMATS),
            ("keep_metadata", KEEP_METADATA),
            ("sharpen", SHARPEN_LEVELS),
        ):
            value = getattr(self, name)
            if value not in choices:
                raise InvalidParameter(name=name, value=value, choices=", ".join(choices))
        for name in ("refine_faces", "match_colours"):
            value = getattr(self, name)
            if not isinstance(value, bool):
                raise InvalidParameter(name=name, value=value, choices="true, false")
        _check_whole_number("quality", self.quality, QUALITIES)
        _check_whole_number("detail", self.detail, DETAILS)
        _check_whole_number("target_width", self.target_width, TARGET_SIDES)
        _check_whole_number("target_height", self.target_height, TARGET_SIDES)
        if self.model is not None and not (isinstance(self.model, str) and MODEL_NAME.fullmatch(self.model)):
            raise UnusableParameter(name="model")
        if self.model is not None and self.detail is not None:
            raise UnusableParameter(name="detail")
        if self.has_target and self.factor != FIT:
            raise InvalidParameter(name="factor", value=self.factor, choices=FIT)
        if self.factor == FIT and not self.has_target:
            raise InvalidParameter(name="factor", value=FIT, choices=", ".join(FACTORS))

    @property
    def has_target(self) -> bool:
        """Whether the size of the result is named instead of a factor."""
        return self.target_width is not None or self.target_height is not None

    def result_size(self, width: int, height: int, factors: Sequence[str] = FACTORS) -> tuple[int, int]:
        """Return width and height in pixels of what becomes of an image of that many pixels.

        Raises:
            InvalidParameter: the factor is not one of ``factors``.
            TargetOutOfRange: the wanted size is smaller than the image, or takes more than the largest of them.

        """
        if self.factor in factors:
            return width * factor_number(self.factor), height * factor_number(self.factor)
        if self.factor != FIT:
            raise InvalidParameter(name="factor", value=self.factor, choices=", ".join(factors))
        ratio, most = self.ratio(width, height), max(factor_number(factor) for factor in factors)
        if not 1 <= ratio <= most:
            raise TargetOutOfRange(width=width, height=height, ratio=f"{float(ratio):.2f}", most=most)
        return max(1, round(width * ratio)), max(1, round(height * ratio))

    def network_scale(self, width: int, height: int) -> int:
        """Return how much the networks must upscale an image of that size, 2, 4 or 8; what is too much is reduced."""
        ratio = self.ratio(width, height)
        return next((scale for scale in NETWORK_SCALES if scale >= ratio), NETWORK_SCALES[-1])

    def ratio(self, width: int, height: int) -> Fraction:
        """Return how much larger an image of that size is to become, along a side."""
        if self.factor != FIT:
            return Fraction(factor_number(self.factor))
        wanted = ((self.target_width, width), (self.target_height, height))
        return min(Fraction(target, side) for target, side in wanted if target is not None)

    def as_dict(self) -> dict[str, Any]:
        """Return the options as JSON-ready values, without those that were left to their defaults by None."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> UpscaleOptions:
        """Build options from decoded JSON.

        Raises:
            UnknownParameter: a name is not that of an option.
            MissingParameter: there is no factor, and no size in its place.
            InvalidParameter: a value cannot be used.

        """
        unknown = set(values) - set(cls.__dataclass_fields__)
        if unknown:
            raise UnknownParameter(name=min(unknown))
        given = dict(values)
        if given.get("target_width") is not None or given.get("target_height") is not None:
            given.setdefault("factor", FIT)
        if "factor" not in given:
            raise MissingParameter(name="factor")
        if isinstance(given.get("keep_metadata"), bool):
            given["keep_metadata"] = "yes" if given["keep_metadata"] else "no"
        return cls(**given)

    def changed(self, overrides: Mapping[str, Any]) -> UpscaleOptions:
        """Return these options with others in their place; a new factor ends an old target, and the other way round.

        A new preset or detail chooses networks anew and ends an old model, a new model an old detail.

        Raises:
            InvalidParameter, UnknownParameter: as ``from_mapping`` does.

        """
        kept = self.as_dict()
        if overrides.get("factor", FIT) != FIT:
            kept = {
                name: value for name, value in kept.items() if name not in ("target_width", "target_height")
            }
        elif not {"target_width", "target_height"}.isdisjoint(overrides):
            del kept["factor"]
        if not {"preset", "detail"}.isdisjoint(overrides):
            kept.pop("model", None)
        if overrides.get("model") is not None:
            kept.pop("detail", None)
        return self.from_mapping({**kept, **overrides})

    @classmethod
    def names(cls) -> frozenset[str]:
        """Return the names of all parameters."""
        return frozenset(cls.__dataclass_fields__)


def factor_number(factor: str) -> int:
    """Return a factor as a number: "4x" is 4 output pixels per input pixel along a side."""
    return int(factor.removesuffix("x"))


def from_text(values: Mapping[str, str], **defaults: Any) -> UpscaleOptions:
    """Build options from what a form sends: an empty text counts as not sent, ``defaults`` stand in for what is not.

    Raises:
        InvalidParameter, UnknownParameter: as the constructor and ``UpscaleOptions.from_mapping`` do.

    """
    sent = {name: text.strip() for name, text in values.items() if text.strip()}
    parsed = {name: _FROM_TEXT.get(name, str)(text) for name, text in sent.items()}
    return UpscaleOptions.from_mapping({**defaults, **parsed})


def _number(text: str) -> int | str:
    # What is no number is handed on: the constructor refuses it and says what is possible.
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else text


def _truth(text: str) -> bool | str:
    lowered = text.lower()
    return lowered in _TRUE if lowered in _TRUE | _FALSE else text


def _metadata(text: str) -> str:
    lowered = text.lower()
    return "yes" if lowered in _TRUE else "no" if lowered in _FALSE else lowered


_TRUE, _FALSE = frozenset({"true", "1", "yes", "on"}), frozenset({"false", "0", "no", "off"})
# How the text of a parameter is read; those that are not named here are texts.
_FROM_TEXT: Mapping[str, Callable[[str], Any]] = {
    "refine_faces": _truth,
    "match_colours": _truth,
    "quality": _number,
    "detail": _number,
    "target_width": _number,
    "target_height": _number,
    "keep_metadata": _metadata,
}


def _check_whole_number(name: str, value: object, allowed: range) -> None:
    """Accept None and a whole number of ``allowed``; raise ``InvalidParameter`` for anything else."""
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value in allowed):
        return
    raise InvalidParameter(name=name, value=value, choices=f"{allowed.start}-{allowed.stop - 1}")
