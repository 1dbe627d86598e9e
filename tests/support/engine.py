"""Shorthands for the engine's tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from upscaler.engine.backends.base import LoadedModel, Result, Window
from upscaler.engine.model_zoo.recipes import Recipe
from upscaler.engine.postprocess.colour_match import ToneGrid
from upscaler.engine.tiling.upscaler import Upscaler


class SpoiltModel(LoadedModel):
    """A sound model whose results are spoilt."""

    def __init__(self, inner: LoadedModel, spoil: Callable[[Result], Result]) -> None:
        super().__init__(inner.model)
        self._inner = inner
        self._spoil = spoil

    def run(self, window: Window) -> Result:
        return self._spoil(self._inner.run(window).copy())


def upscale(upscaler: Upscaler, image: np.ndarray, recipe: Recipe, **more: Any) -> np.ndarray:
    """Return the upscaled image of uint8 (H, W, 3), tones not yet corrected."""
    height, width, channels = image.shape
    out = np.empty((height * recipe.scale, width * recipe.scale, channels), np.uint8)
    upscaler.upscale(image, recipe, out, **more)
    return out


def matched(source: np.ndarray, result: np.ndarray, scale: int, step: int = 1000) -> np.ndarray:
    """Return the upscaled image with its tones corrected, arriving in blocks of ``step`` source rows."""
    grid = ToneGrid(*source.shape, scale)
    blocks: list[np.ndarray] = []
    done = 0
    for top in range(0, source.shape[0], step):
        grid.observe(source[top : top + step], result[top * scale : (top + step) * scale])
        if grid.final_rows > done:
            blocks.append(grid.corrected(done, result[done : grid.final_rows]))
            done = grid.final_rows
    assert done == result.shape[0]
    return np.concatenate(blocks)
