"""The examination of a model that has the form of a face model.

A restored face can only be checked on a face, which is done whenever the model is used: see ``faces.quality``. The
examination shows whether it gives images at all.
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from upscaler.engine.backends.adapted import Runner
from upscaler.engine.model_zoo.custom_model import FACES, SIGNED, Findings
from upscaler.errors import N_, ModelRefused

# A model for values from -1 to 1 goes a little beyond; one for levels, or a broken one, goes far.
_FURTHEST = 4.0
_LEAST_RANGE = 1e-3


def examine_face_model(raw: Runner, found: Findings, side: int) -> Findings:
    """Return the findings of a model for aligned faces of (side, side, 3), with values from -1 to 1.

    Raises:
        ModelRefused: it gives something else, or the same for every input.

    """
    faces = [drawn_face(side, eyes) for eyes in (0.47, 0.52)]
    started = time.perf_counter()
    results = [raw(face) for face in faces]
    seconds = (time.perf_counter() - started) / len(results) / (side * side / 1e6)
    for result in results:
        if result.shape != faces[0].shape:
            raise ModelRefused(
                N_("The model was refused: its output is %(shape)s for an image of %(channels)s channels."),
                shape=" x ".join(str(length) for length in result.shape),
                channels=faces[0].shape[1],
            )
        if not np.isfinite(result.sum(dtype=np.float64)):
            raise ModelRefused(N_("The model was refused: its output has values that are not finite."))
        if np.abs(result).max() > _FURTHEST:
            raise ModelRefused(
                N_("The model was refused: the input and output of a face model must lie between -1 and 1.")
            )
    if np.ptp(results[0]) < _LEAST_RANGE or np.abs(results[0] - results[1]).max() < _LEAST_RANGE:
        raise ModelRefused(N_("The model was refused: its output is the same colour for every image."))
    return replace(
        found,
        scale=1,
        input_range=SIGNED,
        output_range=SIGNED,
        minimum_side=side,
        maximum_side=side,
        multiple=side,
        overlap=0,
        seconds_per_megapixel=max(0.01, round(seconds, 2)),
        purpose=FACES,
    )


def drawn_face(side: int, eyes: float) -> NDArray[np.float32]:
    """Return (1, 3, side, side) from -1 to 1: a face of a few ovals, its eyes at that share of the height."""
    rows, columns = np.mgrid[0:side, 0:side].astype(np.float32) / side
    image = np.stack([0.25 + 0.2 * rows, 0.3 + 0.1 * columns, 0.4 - 0.1 * rows]).astype(np.float32)
    ovals = (
        (0.5, 0.52, 0.30, 0.40, (0.85, 0.65, 0.55)),
        (0.377, eyes, 0.05, 0.02, (0.2, 0.12, 0.1)),
        (0.623, eyes, 0.05, 0.02, (0.2, 0.12, 0.1)),
        (0.5, 0.61, 0.03, 0.05, (0.75, 0.52, 0.43)),
        (0.5, 0.725, 0.12, 0.025, (0.65, 0.3, 0.3)),
    )
    for x, y, width, height, colour in ovals:
        inside = ((columns - x) / width) ** 2 + ((rows - y) / height) ** 2 < 1
        image[:, inside] = np.array(colour, np.float32)[:, np.newaxis]
    return np.ascontiguousarray(image[np.newaxis] * 2 - 1)
