"""The examination of a model: trial runs show which input it takes, and whether its result is the image, upscaled.

This runs in the child of ``probe``: any model may crash or hang it.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from upscaler.engine.backends.adapted import AdaptedModel, Runner
from upscaler.engine.backends.ncnn import NcnnCpuBackend
from upscaler.engine.backends.openvino import OpenVinoBackend
from upscaler.engine.backends.self_test import self_test
from upscaler.engine.backends.windows import run_window, to_levels
from upscaler.engine.imaging.hashing import sha256_of
from upscaler.engine.model_import.examine_faces import examine_face_model
from upscaler.engine.model_import.metadata import ModelMetadata, read_metadata
from upscaler.engine.model_zoo.custom_model import (
    FILES,
    LEVELS,
    NCNN,
    SCALES,
    UNIT,
    CustomModel,
    Findings,
    Manifest,
)
from upscaler.engine.postprocess.output_check import OutputCheck
from upscaler.engine.settings import EngineSettings
from upscaler.errors import N_, EngineError, ModelRefused, OutputRejected

# Two sides whose results separate the scale from the loss at the border.
_SIDE, _LARGER_SIDE = 128, 192
_LEAST_SIDE = 64
_MULTIPLES = (1, 2, 4, 8, 16, 32, 64)
_MAX_BORDER = 32
_RANGES = ((UNIT, UNIT), (LEVELS, LEVELS), (UNIT, LEVELS), (LEVELS, UNIT))

# Two tiles of that side, an odd distance apart, as tiles of an image are.
_TILE_SIDE, _TILE_SHIFT = 160, 33
_LEAST_OVERLAP, _MOST_OVERLAP = 8, 48
# Differences between two tiles, in levels: invisible below the first, visible above the second.
_SEAMLESS, _MAX_SEAM = 0.25, 32.0

DecodedImage = NDArray[np.uint8]
Floats = NDArray[np.float32]


class NotFiniteError(ModelRefused):
    """The result of a model is not finite."""


def examine(folder: Path, kind: str, settings: EngineSettings) -> Findings:
    """Return the findings about the model whose files lie in ``folder``.

    Raises:
        ModelRefused: it cannot be used; the message says why.
        RuntimeError, ValueError, EngineError: a library refused it.

    """
    metadata = read_metadata(folder, kind)
    first = Findings(0, metadata.channels, metadata.input, metadata.output, LEVELS, LEVELS)
    manifest = Manifest("custom", kind, {name: sha256_of(folder / name) for name in FILES[kind]}, "", first)
    raw, engine = _loaded(manifest.model(folder), settings)
    if metadata.restores_faces:
        return examine_face_model(raw, replace(first, engine=engine), metadata.fixed_side)
    found = replace(_geometry(raw, first, metadata), engine=engine)
    found = _ranges(raw, found, metadata.fixed_side or _SIDE)
    if not metadata.fixed_side:
        found = _sizes(raw, found)

    def adapted(findings: Findings) -> AdaptedModel:
        model = replace(manifest, findings=findings).model(folder)
        return AdaptedModel(model, lambda planes: raw(planes) * np.float32(model.output_factor))

    found = _overlap(adapted(found), found)
    _check(adapted(found), found)
    return found


def trial_image(side: int) -> DecodedImage:
    """Return an image with ramps, blocks of colour, edges and fine texture; the same for a side every time."""
    rows, columns = np.mgrid[0:side, 0:side].astype(np.float32) / side
    ramps = np.stack([60 + 150 * columns, 200 - 120 * rows, 90 + 60 * (rows + columns)], axis=-1)
    ramps[(rows - 0.35) ** 2 + (columns - 0.6) ** 2 < 0.04] = (230, 190, 60)
    ramps[(rows > 0.7) & (rows < 0.85) & (columns > 0.1) & (columns < 0.7)] = (3, 4, 6)
    texture = np.random.default_rng(7).normal(0, 6, (side, side, 1)).astype(np.float32)
    return to_levels(ramps + texture)


def _loaded(model: CustomModel, settings: EngineSettings) -> tuple[Runner, str]:
    """Load the model with OpenVINO, or with ncnn where ``read_graph`` does not support a layer."""
    openvino, ncnn = OpenVinoBackend(settings, "fp32"), NcnnCpuBackend(settings)
    try:
        return openvino.runner(model), openvino.name
    except (ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        if model.kind == NCNN and find_spec("ncnn") is not None:
            with suppress(EngineError):
                return ncnn.runner(model), ncnn.name
    raise ModelRefused(N_("The model was refused: its files cannot be loaded (%(reason)s)."), reason=reason)


def _run(raw: Runner, image: DecodedImage, channels: int, input_range: str) -> Floats:
    """Return (height, width, 3) in the model's own range."""
    planes = np.array(image.transpose(2, 0, 1)[np.newaxis], np.float32, order="C")
    if input_range == UNIT:
        planes /= 255
    parts = [
        raw(np.ascontiguousarray(planes[:, first : first + channels])) for first in range(0, 3, channels)
    ]
    result = np.concatenate(parts, axis=1) if len(parts) > 1 else parts[0]
    if result.ndim != 4 or result.shape[0] != 1 or result.shape[1] != 3:
        raise ModelRefused(
            N_("The model was refused: its output is %(shape)s for an image of %(channels)s channels."),
            shape=" x ".join(str(side) for side in parts[0].shape),
            channels=channels,
        )
    if not np.isfinite(result.sum(dtype=np.float64)):
        raise NotFiniteError(N_("The model was refused: its output has values that are not finite."))
    return np.ascontiguousarray(result[0].transpose(1, 2, 0))


def _geometry(raw: Runner, found: Findings, metadata: ModelMetadata) -> Findings:
    """Find the scale and the pixels that are lost at the border."""
    if metadata.fixed_side:
        side = metadata.fixed_side
        got = _result_side(raw, side, found)
        scale, rest = divmod(got, side)
        _check_scale(scale, 0, whole=rest == 0)
        return replace(found, scale=scale, minimum_side=side, maximum_side=side, multiple=side)
    got, larger = _result_side(raw, _SIDE, found), _result_side(raw, _LARGER_SIDE, found)
    scale, rest = divmod(larger - got, _LARGER_SIDE - _SIDE)
    lost, odd = divmod(_SIDE * scale - got, 2 * max(scale, 1))
    _check_scale(scale, lost, whole=rest == 0 and odd == 0)
    return replace(found, scale=scale, border=lost)


def _result_side(raw: Runner, side: int, found: Findings) -> int:
    height, width, _ = _run(raw, trial_image(side), found.channels, UNIT).shape
    if height != width:
        raise ModelRefused(N_("The model was refused: it does not keep the proportions of an image."))
    return height


def _check_scale(scale: int, lost: int, *, whole: bool) -> None:
    if not whole or scale not in SCALES or not 0 <= lost <= _MAX_BORDER:
        raise ModelRefused(
            N_("The model was refused: it does not upscale by a whole number from %(least)s to %(most)s."),
            least=SCALES[0],
            most=SCALES[-1],
        )


def _ranges(raw: Runner, found: Findings, side: int) -> Findings:
    """Find the ranges of input and output with which the result is the image."""
    image = trial_image(side)
    results: dict[str, Floats] = {}
    for name in (UNIT, LEVELS):
        try:
            results[name] = _run(raw, image, found.channels, name)
        except NotFiniteError as error:
            # Input far out of a model's range may overflow in it.
            not_finite = error
    if not results:
        raise not_finite
    if all(np.ptp(result) < 1e-6 for result in results.values()):
        raise ModelRefused(N_("The model was refused: its output is the same colour for every image."))
    away: list[tuple[float, int]] = []
    for index, (taken, given) in enumerate(_RANGES):
        if taken in results:
            levels = results[taken] * (255 if given == UNIT else 1)
            away.append((_distance(levels, image, found), index))
    # The usual range is taken where several would do, as they do for a model that only resizes.
    best = min(away, key=lambda entry: (round(entry[0]), entry[1]))[1]
    chosen = replace(found, input_range=_RANGES[best][0], output_range=_RANGES[best][1])
    _check_image(_levels(results[chosen.input_range], chosen), image, chosen)
    return chosen


def _levels(result: Floats, found: Findings) -> Floats:
    return np.asarray(result * np.float32(255 if found.output_range == UNIT else 1), np.float32)


def _inside(image: DecodedImage, found: Findings) -> DecodedImage:
    border = found.border
    return np.ascontiguousarray(image[border : image.shape[0] - border, border : image.shape[1] - border])


def _downscaled(levels: Floats, scale: int) -> NDArray[Any]:
    height, width, channels = levels.shape
    return np.asarray(
        levels.reshape(height // scale, scale, width // scale, scale, channels).mean(
            axis=(1, 3), dtype=np.float64
        )
    )


def _distance(levels: Floats, image: DecodedImage, found: Findings) -> float:
    """Return the mean difference of the downscaled result from the image, in levels."""
    return float(np.abs(_downscaled(levels, found.scale) - _inside(image, found)).mean())


def _check_image(levels: Floats, image: DecodedImage, found: Findings) -> None:
    check = OutputCheck(_inside(image, found), found.scale)
    check.add(to_levels(levels))
    try:
        check.report()
    except OutputRejected as error:
        raise ModelRefused(
            N_("The model was refused: its output is not the image upscaled %(scale)sx."),
            scale=found.scale,
        ) from error


def _sizes(raw: Runner, found: Findings) -> Findings:
    """Find the number of which sides must be a multiple, and try the smallest size and one that is not square."""
    multiple = next((number for number in _MULTIPLES if _takes(raw, found, (_SIDE + number,) * 2)), None)
    if multiple is None or not _takes(raw, found, (_LEAST_SIDE, _SIDE)):
        raise ModelRefused(
            N_(
                "The model was refused: it takes images of some sizes only; tiles need any multiple of a number "
                "up to %(most)s."
            ),
            most=_MULTIPLES[-1],
        )
    return replace(found, multiple=multiple, minimum_side=_LEAST_SIDE)


def _takes(raw: Runner, found: Findings, size: tuple[int, int]) -> bool:
    image = trial_image(max(size))[: size[0], : size[1]]
    try:
        result = _run(raw, image, found.channels, found.input_range)
        if result.shape[:2] != tuple((side - 2 * found.border) * found.scale for side in size):
            return False
        _check_image(_levels(result, found), image, found)
    except (ModelRefused, EngineError, RuntimeError, ValueError):
        return False
    return True


def _overlap(loaded: AdaptedModel, found: Findings) -> Findings:
    """Measure how far from its edge a tile differs from its neighbour, and the time that a tile takes."""
    side = found.maximum_side or _TILE_SIDE
    shift = min(_TILE_SHIFT, side // 4) | 1
    most = min(_MOST_OVERLAP, (side - 32) // 2)
    scale, border = found.scale, found.border
    whole = trial_image(side + shift)
    started = time.perf_counter()
    one = run_window(loaded, whole[:side, :side])
    between = time.perf_counter()
    other = run_window(loaded, whole[shift:, shift:])
    # The shorter time: another process may have had the processor during the other one.
    seconds = min(between - started, time.perf_counter() - between) / (side * side / 1e6)
    common = side - shift - 2 * border
    difference = np.abs(
        one[shift * scale :, shift * scale :] - other[: common * scale, : common * scale]
    ).max(axis=2)
    overlap, seam = most, 0.0
    for inset in range(max(0, most - border), -1, -1):
        cut = inset * scale
        if common - 2 * inset <= 0:
            continue
        worst = float(difference[cut : difference.shape[0] - cut, cut : difference.shape[1] - cut].max())
        if worst > _SEAMLESS and inset + border < most:
            break
        overlap, seam = inset + border, worst
    if seam > _MAX_SEAM:
        raise ModelRefused(
            N_(
                "The model was refused: its tiles do not fit together; they differ by %(levels)s of 255 levels."
            ),
            levels=round(seam),
        )
    overlap = min(most, max(_LEAST_OVERLAP, overlap))
    return replace(
        found, overlap=overlap, seam=round(seam, 2), seconds_per_megapixel=max(0.01, round(seconds, 2))
    )


def _check(loaded: AdaptedModel, found: Findings) -> None:
    """Run the self-test that the model must pass wherever it is loaded."""
    try:
        self_test(loaded)
    except OutputRejected as error:
        raise ModelRefused(
            N_("The model was refused: its output is not the image upscaled %(scale)sx."),
            scale=found.scale,
        ) from error
