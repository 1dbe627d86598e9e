"""A model that the operator added: its manifest, which is kept as JSON, and the model that the engine runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from upscaler.engine.imaging.hashing import sha256_of
from upscaler.engine.model_zoo.catalogue import CUSTOM, MODELS, Model
from upscaler.engine.options import FACTORS, MODEL_NAME, PRESETS
from upscaler.errors import (
    N_,
    EngineUnavailable,
    InvalidParameter,
    ModelRefused,
    UnknownModel,
    UnusableParameter,
    combined,
)

ONNX, NCNN = "onnx", "ncnn"
# The files of each kind, under the names that they have in a model's folder.
FILES: Mapping[str, tuple[str, ...]] = {ONNX: ("model.onnx",), NCNN: ("model.param", "model.bin")}
MANIFEST = "manifest.json"
SCALES = range(1, 9)
# The source of a model that a worker fetched for the service, as opposed to those that were added on its host.
SERVICE = "service"
# Models that upscale take and give levels as fractions from 0 to 1, or from 0 to 255.
UNIT, LEVELS = "0..1", "0..255"
# Those that restore faces take and give them from -1 to 1.
SIGNED = "-1..1"
# The purposes of a model: to upscale images, or to restore aligned faces.
UPSCALING, FACES = "upscaling", "faces"
MAX_LICENCE = 64
_VERSION = 1


@dataclass(frozen=True)
class Findings:
    """The findings of the examination of a model.

    Attributes:
        scale: output side per input side.
        channels: 3 for colour; 1 for a model that takes one channel, through which each of the three goes by itself.
        input: name of the input blob.
        output: name of the output blob.
        input_range: ``UNIT`` or ``LEVELS``; ``SIGNED`` for faces.
        output_range: the same, of the result.
        border: input pixels a side that the model consumes.
        minimum_side: smallest input side in pixels that was tried.
        maximum_side: the one input side that the model takes, 0 where it takes any.
        multiple: the input side must be a multiple of this.
        overlap: input pixels a side that a tile needs besides its core.
        seam: difference in levels between two tiles that is left with that overlap.
        seconds_per_megapixel: time for one input megapixel on the machine that examined it.
        engine: the library that ran it, ``openvino`` or ``ncnn``.
        purpose: ``UPSCALING`` or ``FACES``.

    """

    scale: int
    channels: int
    input: str
    output: str
    input_range: str = UNIT
    output_range: str = UNIT
    border: int = 0
    minimum_side: int = 64
    maximum_side: int = 0
    multiple: int = 1
    overlap: int = 48
    seam: float = 0.0
    seconds_per_megapixel: float = 1.0
    engine: str = "openvino"
    purpose: str = UPSCALING


@dataclass(frozen=True)
class Use:
    """A choice that a model serves in place of the preset's own models."""

    preset: str
    factor: str

    def __post_init__(self) -> None:
        refusals = [
            InvalidParameter(name=name, value=value, choices=", ".join(choices))
            for name, value, choices in (("preset", self.preset, PRESETS), ("factor", self.factor, FACTORS))
            if value not in choices
        ]
        if refusals:
            raise combined(refusals)


@dataclass(frozen=True, kw_only=True)
class CustomModel(Model):
    """A model of the operator's, ready to be loaded from its folder."""

    kind: str
    folder: Path
    digests: Mapping[str, str]
    channels: int
    input_range: str
    output_range: str

    @property
    def input_divisor(self) -> int:
        """The divisor that turns levels from 0 to 255 into the input."""
        return 255 if self.input_range == UNIT else 1

    @property
    def output_factor(self) -> int:
        """The factor that turns the output into levels."""
        return 255 if self.output_range == UNIT else 1

    def verified(self) -> list[Path]:
        """Return the files, compared with their SHA-256, in the order of ``FILES``.

        Raises:
            EngineUnavailable: a file is missing, or is not the one that was examined.

        """
        paths = [self.folder / name for name in FILES[self.kind]]
        for path in paths:
            if not path.is_file() or sha256_of(path) != self.digests[path.name]:
                raise EngineUnavailable(
                    N_("The files of the model %(name)s are missing or damaged. Add it again."),
                    name=self.name,
                )
        return paths


@dataclass(frozen=True)
class Manifest:
    """The record of a model beside its files.

    Attributes:
        name: the name that people and jobs use.
        kind: ``ONNX`` or ``NCNN``.
        sha256: of each file, by the file's name.
        licence: of the weights, as the operator states it.
        findings: the result of its examination.
        uses: the choices that it serves in place of their presets' own models.
        active: whether it may be used.
        source: the address that it was fetched from, or ``SERVICE``, or "".

    """

    name: str
    kind: str
    sha256: Mapping[str, str]
    licence: str
    findings: Findings
    uses: tuple[Use, ...] = ()
    active: bool = True
    source: str = field(default="", kw_only=True)

    def model(self, folder: Path) -> CustomModel:
        """Return the model whose files lie in ``folder``."""
        found = self.findings
        weights = FILES[self.kind][-1]
        return CustomModel(
            name=self.name,
            type="other",
            architecture=CUSTOM,
            scale=found.scale,
            licence=self.licence,
            source=self.source,
            param_sha256=self.sha256["model.param"] if self.kind == NCNN else "",
            bin_sha256=self.sha256[weights],
            files={},
            border=found.border,
            minimum_side=found.minimum_side,
            maximum_side=found.maximum_side,
            multiple=found.multiple,
            overlap=found.overlap,
            seconds_per_megapixel=found.seconds_per_megapixel,
            note="",
            kind=self.kind,
            folder=folder,
            digests=self.sha256,
            channels=found.channels,
            input_range=found.input_range,
            output_range=found.output_range,
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the manifest as JSON-ready values."""
        return {"version": _VERSION, **asdict(self), "uses": [asdict(use) for use in self.uses]}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Manifest:
        """Read the output of ``as_dict``; raise ``ValueError`` for anything else."""
        try:
            given = dict(values)
            if given.pop("version") != _VERSION or given["kind"] not in FILES:
                raise ValueError("a manifest of another version")
            given["findings"] = Findings(**given["findings"])
            given["uses"] = tuple(Use(**use) for use in given["uses"])
            return cls(**given)
        except (KeyError, TypeError, InvalidParameter) as error:
            raise ValueError(f"not a manifest: {error}") from error


def check_name(name: str) -> str:
    """Return a name that a new model may have; raise ``UnusableParameter`` for any other."""
    if not MODEL_NAME.fullmatch(name) or name in MODELS:
        raise UnusableParameter(name="name")
    return name


def check_uses(uses: tuple[Use, ...], findings: Findings) -> None:
    """Raise ``ModelRefused`` where a model is to serve presets but does not upscale."""
    if uses and findings.purpose == FACES:
        raise ModelRefused(
            N_(
                "This model restores faces and serves every job that enhances faces. Add it without a preset and a "
                "factor."
            )
        )


def not_for_upscaling(name: str) -> UnknownModel:
    """Return the error for a job that names a model for faces as the one that is to upscale its image."""
    return UnknownModel(
        N_(
            'The model "%(name)s" restores faces and does not upscale images. Choose another one, and set '
            '"refine_faces".'
        ),
        name=name,
    )


def check_licence(licence: str) -> str:
    """Return a licence as it is kept; raise ``UnusableParameter`` unless it is a short line."""
    if len(licence) > MAX_LICENCE or not licence.isprintable():
        raise UnusableParameter(name="licence")
    return licence
