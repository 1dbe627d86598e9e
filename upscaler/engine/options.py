"""The options of an upscaled image: the table of all of them, and one validated value."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, fields, replace
from fractions import Fraction
from typing import Annotated, Any, get_type_hints

from upscaler.engine.imaging.formats import FORMATS
from upscaler.engine.option_kinds import Choice, Flag, Name, Option, WholeNumber
from upscaler.engine.presets import PRESET_TABLE
from upscaler.errors import (
    N_,
    InvalidParameter,
    MissingParameter,
    TargetOutOfRange,
    UnknownParameter,
    UnusableParameter,
    UpscalerError,
    combined,
)

FACTORS = ("2x", "3x", "4x", "8x")
# The factor of a job that names the size of its result instead.
FIT = "fit"
PRESETS = tuple(PRESET_TABLE)
# How much models upscale, in one pass through the image or two.
MODEL_SCALES = (2, 4, 8)
# How models may be named: the name is a folder, and a part of addresses and keys.
MODEL_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")

_STRENGTHS = {"none": N_("None"), "low": N_("Low"), "med": N_("Medium"), "high": N_("High")}
DENOISE_LEVELS = SHARPEN_LEVELS = tuple(_STRENGTHS)
_TARGET = WholeNumber(range(1, 1_000_001), unit="pixels")
_TARGET_NAMES = frozenset({"target_width", "target_height"})


@dataclass(frozen=True)
class UpscaleOptions:
    """The options of one job. Each field is a row of the table: its type, what describes it, and its default.

    Validation, the description of the API, the command line, the forms of the site and of the console follow from
    the rows; the reference in ``docs/api.md`` is compared with them. The constructor raises ``InvalidParameter`` for
    values that are not of their rows, or that do not go with the others: one error that holds all.
    """

    factor: Annotated[
        str,
        Option(
            Choice({factor: factor for factor in FACTORS}, special=(FIT,)),
            N_("Factor"),
            "how many times longer each side becomes; not needed with a target width or height",
            in_preview=True,
        ),
    ]
    preset: Annotated[
        str,
        Option(
            Choice({preset.name: preset.label for preset in PRESET_TABLE.values()}),
            N_("Image type"),
            "type of image, which decides about the models",
            operator_default=True,
        ),
    ] = "standard"
    denoise: Annotated[
        str,
        Option(Choice(_STRENGTHS), N_("Noise reduction"), "strength of noise reduction", in_preview=True),
    ] = "none"
    output_format: Annotated[
        str,
        Option(
            Choice({kind.name: kind.label for kind in FORMATS if kind.writable}),
            N_("File format"),
            "file format of the result",
            flag="format",
        ),
    ] = "png"
    quality: Annotated[
        int | None,
        Option(
            WholeNumber(range(1, 101)),
            N_("Quality"),
            "quality of formats with lossy compression; by default, the format's own",
        ),
    ] = None
    sharpen: Annotated[
        str,
        Option(
            Choice(_STRENGTHS), N_("Sharpening"), "strength of sharpening, without halos", in_preview=True
        ),
    ] = "none"
    detail: Annotated[
        int | None,
        Option(
            WholeNumber(
                range(101),
                steps={0: N_("Faithful"), 50: N_("Balanced"), 100: N_("Sharp")},
                unset=N_("Automatic"),
            ),
            N_("Detail"),
            "blend of the preset's models, from faithful (0) to perceptual (100); by default, the preset's own",
            in_preview=True,
        ),
    ] = None
    refine_faces: Annotated[
        bool,
        Option(
            Flag(on=N_("On"), off=N_("Off")),
            N_("Enhance faces"),
            "restore each face by itself, with the face model that was added or the models that do best on faces",
            in_preview=True,
        ),
    ] = False
    match_colours: Annotated[
        bool,
        Option(
            Flag(on=N_("Match the original"), off=N_("Model output")),
            N_("Colours"),
            "keep the tones of the original, from which models drift by a few levels",
            in_preview=True,
            in_quote=False,
        ),
    ] = True
    keep_metadata: Annotated[
        str,
        Option(
            Choice(
                {
                    "none": N_("Remove"),
                    "without_location": N_("Keep without location"),
                    "all": N_("Keep all"),
                }
            ),
            N_("Metadata"),
            "EXIF data of the result: camera, exposure, dates and author, with or without the location",
            in_quote=False,
        ),
    ] = "none"
    target_width: Annotated[
        int | None,
        Option(
            _TARGET,
            N_("Target width"),
            "width of the result, in place of a factor; proportions are kept",
            flag="width",
            on_page=False,
        ),
    ] = None
    target_height: Annotated[
        int | None,
        Option(
            _TARGET,
            N_("Target height"),
            "height of the result, in place of a factor; with a width as well, the smaller result",
            flag="height",
            on_page=False,
        ),
    ] = None
    model: Annotated[
        str | None,
        Option(
            Name(MODEL_NAME),
            N_("Model"),
            "name of the model to use in place of the preset's own; not with detail",
            on_page=False,
        ),
    ] = None

    def __post_init__(self) -> None:
        if refusals := _refusals({name: getattr(self, name) for name in OPTIONS}):
            raise combined(refusals)

    @property
    def has_target(self) -> bool:
        """Whether there is a target width or height instead of a factor."""
        return self.target_width is not None or self.target_height is not None

    def result_size(self, width: int, height: int, factors: Sequence[str] = FACTORS) -> tuple[int, int]:
        """Return width and height in pixels of the result of an image of that many pixels.

        Raises:
            InvalidParameter: the factor is not one of ``factors``.
            TargetOutOfRange: the target is smaller than the image, or takes more than the largest factor.

        """
        if self.factor in factors:
            return width * factor_number(self.factor), height * factor_number(self.factor)
        if self.factor != FIT:
            raise InvalidParameter(name="factor", value=self.factor, choices=", ".join(factors))
        ratio, most = self.ratio(width, height), max(factor_number(factor) for factor in factors)
        if not 1 <= ratio <= most:
            raise TargetOutOfRange(width=width, height=height, ratio=f"{float(ratio):.2f}", most=most)
        return max(1, round(width * ratio)), max(1, round(height * ratio))

    def model_scale(self, width: int, height: int) -> int:
        """Return the scale, 2, 4 or 8, at which models upscale an image of that size; the excess is reduced."""
        ratio = self.ratio(width, height)
        return next((scale for scale in MODEL_SCALES if scale >= ratio), MODEL_SCALES[-1])

    def ratio(self, width: int, height: int) -> Fraction:
        """Return the factor by which the sides of an image of that size are to grow."""
        if self.factor != FIT:
            return Fraction(factor_number(self.factor))
        wanted = ((self.target_width, width), (self.target_height, height))
        return min(Fraction(target, side) for target, side in wanted if target is not None)

    def as_dict(self) -> dict[str, Any]:
        """Return the options as JSON-ready values, without those that are None."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> UpscaleOptions:
        """Build options from decoded JSON, where null stands for the default.

        Raises:
            UnknownParameter, MissingParameter, InvalidParameter: a name is not that of an option, there is neither a
                factor nor a target, a value cannot be used; the error holds those of all options at fault.

        """
        named = {name: value for name, value in values.items() if value is not None}
        if not _TARGET_NAMES.isdisjoint(named):
            named.setdefault("factor", FIT)
        misnamed: list[UpscalerError] = [
            UnknownParameter(name=name) for name in sorted(set(values) - set(OPTIONS))
        ]
        if "factor" not in named:
            misnamed.append(MissingParameter(name="factor"))
        if misnamed:
            known = {name: value for name, value in named.items() if name in OPTIONS}
            raise combined([*misnamed, *_refusals(known)])
        return cls(**named)

    def changed(self, overrides: Mapping[str, Any]) -> UpscaleOptions:
        """Return these options with ``overrides`` in their place; None stands for the default.

        A new factor ends an old target, a new target an old factor. A new preset or detail selects models anew and
        ends an old model, a new model an old detail.

        Raises:
            InvalidParameter, UnknownParameter: as ``from_mapping`` does.

        """
        new = {name for name, value in overrides.items() if value is not None}
        ended: set[str] = set()
        if overrides.get("factor", FIT) != FIT:
            ended |= _TARGET_NAMES
        elif not new.isdisjoint(_TARGET_NAMES):
            ended.add("factor")
        if not {"preset", "detail"}.isdisjoint(overrides):
            ended.add("model")
        if "model" in new:
            ended.add("detail")
        kept = {name: value for name, value in self.as_dict().items() if name not in ended}
        return self.from_mapping({**kept, **overrides})


def _refusals(values: Mapping[str, Any]) -> list[UpscalerError]:
    """Return what is wrong with values of options, by themselves and together."""
    found: dict[str, UpscalerError] = {}
    for name, value in values.items():
        if (refusal := OPTIONS[name].refusal(value)) is not None:
            found[name] = refusal
    named = {name for name, value in values.items() if value is not None}
    if {"model", "detail"} <= named:
        found.setdefault("detail", UnusableParameter(name="detail"))
    factor, has_target = values.get("factor"), not _TARGET_NAMES.isdisjoint(named)
    if factor is not None and has_target != (factor == FIT):
        choices = FIT if has_target else ", ".join(FACTORS)
        found.setdefault("factor", InvalidParameter(name="factor", value=factor, choices=choices))
    return list(found.values())


def factor_number(factor: str) -> int:
    """Return a factor as a number: "4x" is 4 output pixels per input pixel along a side."""
    return int(factor.removesuffix("x"))


def _table() -> Mapping[str, Option]:
    """Return the row of each field of ``UpscaleOptions``, by name, with its name and default."""
    hints = get_type_hints(UpscaleOptions, include_extras=True)
    rows = {}
    for field in fields(UpscaleOptions):
        [option] = hints[field.name].__metadata__
        required = field.default is MISSING
        rows[field.name] = replace(
            option, name=field.name, required=required, default=None if required else field.default
        )
    return rows


OPTIONS = _table()
