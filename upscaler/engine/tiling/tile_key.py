"""The key of an upscaled image's tiles, under which they are kept, and their size."""

from __future__ import annotations

import hashlib
import json
from dataclasses import astuple

import numpy as np

from upscaler.engine.backends.base import Backend
from upscaler.engine.imaging.image import Pixels
from upscaler.engine.model_zoo.recipes import Recipe
from upscaler.engine.tiling.tile_runner import Plan
from upscaler.version import __version__

# Pixels that are hashed at once.
_DIGEST_PIXELS = 1_000_000


def key_of_tiles(rgb: Pixels, recipe: Recipe, backend: Backend, plan: Plan) -> str:
    """Return a digest of everything that the pixels of an upscaled image depend on."""
    inputs = [
        *(__version__, recipe.name, recipe.scale, recipe.blend, backend.describe(), rgb.dtype.str, rgb.shape),
        [
            [(model.name, model.param_sha256, model.bin_sha256) for model in models]
            for models, _ in recipe.branches
        ],
        [[astuple(span) for span in axis] for axis in plan],
    ]
    digest = hashlib.blake2b(json.dumps(inputs, sort_keys=True).encode(), digest_size=16)
    step = max(1, _DIGEST_PIXELS // rgb.shape[1])
    for top in range(0, rgb.shape[0], step):
        digest.update(np.ascontiguousarray(rgb[top : top + step]).data)
    return digest.hexdigest()


def side_of(plan: Plan) -> int:
    """Return the longest side of a core, in input pixels."""
    return max(span.stop - span.start for axis in plan for span in axis)
