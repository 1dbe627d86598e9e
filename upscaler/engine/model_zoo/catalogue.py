"""The catalogue of bundled models, read from ``models.toml``: names, files, checksums and geometry."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

# The architecture of a model decides its speed, its memory and how it treats its border; see ``models.toml``.
RRDB, SRVGG, UPCONV7, CUNET, SRMD = "rrdb", "srvgg", "upconv7", "cunet", "srmd"
SPAN, CUGAN = "span", "cugan"
# A model that the operator added, see ``custom_model``.
CUSTOM = "custom"

_CATALOGUE_FILE = Path(__file__).with_name("models.toml")


@dataclass(frozen=True)
class Model:
    """One model with fixed weights.

    Attributes:
        name: the name that people see and that recipes use.
        type: ``esrgan``, ``waifu2x``, ``srmd``, ``span``, ``realcugan`` or ``other``.
        architecture: one of this module's architecture names.
        scale: output side in pixels per input side.
        licence: SPDX name of the licence of the weights.
        source: address of the authors' project.
        param_sha256: SHA-256 of the ``.param`` file with line ends as LF (the packages differ in nothing
            else).
        bin_sha256: SHA-256 of the ``.bin`` file (the same in all packages).
        files: for each package that carries the model, the path of its files below the package, without suffix.
        border: input pixels a side that the model consumes: the output is ``(side - 2 * border) * scale``.
        minimum_side: smallest input side in pixels. Below it ncnn ends the process and OpenVINO raises.
        overlap: input pixels a side that a tile needs besides its core, ``border`` included.
        seconds_per_megapixel: estimate for one input megapixel on two CPU cores, until something was measured.
        note: one sentence on what the model is good at.
        noise_level: waifu2x's noise level 0 to 3, or the standard deviation in 8-bit levels of the noise that SRMD
            removes; None for a model that removes no noise on request.
        multiple: the input side must be a multiple of this, or U-Net levels lose the last pixels.
        maximum_side: largest input side in pixels, 0 where there is none.
        gives_differences: whether its output is what the pixels of its input, each repeated, differ from the result.
        stand_in: names of models that, one after another, take its place where its result leaves the image altogether.
        derived_from: name of the model from whose files those of this one are made, "" for one that has its own; see
            ``derived``.
        left_out: the first and the last block of each run of that model's blocks for which a convolution stands here.
        convolutions_sha256: SHA-256 of the file with those convolutions.
        maps: values of constant channels that the model takes behind the three colours.

    """

    name: str
    type: str
    architecture: str
    scale: int
    licence: str
    source: str
    param_sha256: str
    bin_sha256: str
    files: Mapping[str, str]
    border: int
    minimum_side: int
    overlap: int
    seconds_per_megapixel: float
    note: str
    noise_level: int | None = None
    multiple: int = 1
    maximum_side: int = 0
    gives_differences: bool = False
    stand_in: tuple[str, ...] = ()
    derived_from: str = ""
    left_out: tuple[tuple[int, int], ...] = ()
    convolutions_sha256: str = ""
    maps: tuple[float, ...] = ()


def read_catalogue(text: str) -> Mapping[str, Model]:
    """Return the models of a catalogue in TOML, by name."""
    models = [model for family in tomllib.loads(text)["family"] for model in _models_of(family)]
    return MappingProxyType({model.name: model for model in models})


def _models_of(family: Mapping[str, Any]) -> Iterator[Model]:
    shared = {field: value for field, value in family.items() if field not in ("model", "blur_maps")}
    blur: tuple[float, ...] = tuple(family.get("blur_maps", ()))
    for fields in family["model"]:
        given = {**shared, **fields}
        given["stand_in"] = tuple(given.get("stand_in", ()))
        given["left_out"] = tuple((first, last) for first, last in given.get("left_out", ()))
        model = Model(**given)
        # SRMD takes the noise as one more map behind those of the blur, as a share of the full range.
        yield replace(model, maps=(*blur, model.noise_level / 255)) if blur and model.noise_level else model


def stand_ins_of(model: Model) -> tuple[Model, ...]:
    """Return the models that take the place of one where it strays, in the order they run."""
    return tuple(MODELS[name] for name in model.stand_in)


MODELS: Mapping[str, Model] = read_catalogue(_CATALOGUE_FILE.read_text("utf-8"))
