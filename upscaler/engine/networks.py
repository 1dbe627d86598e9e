"""Enlarge a picture with a recipe: window by window, on the best backend that works here."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from upscaler.engine.backends.base import Backend, Result, Window
from upscaler.engine.backends.select import Selection
from upscaler.engine.catalogue import Model
from upscaler.engine.colour_match import ToneGrid
from upscaler.engine.presets import Recipe
from upscaler.engine.settings import EngineSettings
from upscaler.engine.tiles import (
    Span,
    core_of,
    core_side,
    edge_for,
    margin_for,
    read_window,
    run_window,
    spans,
    to_levels,
)
from upscaler.errors import EngineCanceled, OutputRejected

_log = logging.getLogger(__name__)

# Share of the progress that the networks take; the rest is the correction of tones.
_NETWORK_SHARE = 0.97


class _BackendError(Exception):
    """A backend failed on a window; the next one may not."""


class Networks:
    """The networks of one process. Nothing is chosen or loaded before the first use."""

    def __init__(self, settings: EngineSettings, selection: Selection | None = None) -> None:
        self._settings = settings
        self._selection = selection or Selection(settings)

    def describe(self) -> dict[str, Any]:
        """Return the backend in use and why the ones before it were not taken, as JSON-ready values.

        Raises:
            EngineUnavailable: no backend can run here.

        """
        return {
            **self._selection.backend.describe(),
            "threads": self._settings.threads,
            "not_taken": list(self._selection.not_taken),
        }

    def warm_up(self, recipe: Recipe) -> None:
        """Load and self-test every network of a recipe.

        Raises:
            EngineUnavailable: no backend can run it, or weights are missing.

        """
        for model in recipe.models:
            self._selection.network(model)

    @staticmethod
    def cost(recipe: Recipe) -> float:
        """Return a guess of the seconds per input megapixel, for the time before anything was measured."""
        return recipe.seconds_per_megapixel

    def enlarge(
        self,
        rgb: NDArray[np.uint8],
        recipe: Recipe,
        *,
        out: NDArray[np.uint8] | None = None,
        on_progress: Callable[[float], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> NDArray[np.uint8]:
        """Enlarge a picture.

        Args:
            rgb: uint8 of shape (height, width, 3), any size from 1 x 1 on.
            recipe: the networks to run.
            out: uint8 of shape (height * scale, width * scale, 3) to write into; it may be a memory map.
            on_progress: is called with a rising fraction from 0 to 1.
            should_stop: is asked before each run of a network; True ends the work.

        Returns:
            ``out``, or a new array of its shape.

        Raises:
            EngineCanceled: ``should_stop`` returned True.
            EngineUnavailable: no backend can run the recipe, or every one failed.

        """
        height, width, _ = rgb.shape
        shape = (height * recipe.scale, width * recipe.scale, 3)
        if out is None:
            out = np.empty(shape, np.uint8)
        elif out.shape != shape:
            raise ValueError(f"out has shape {out.shape} in place of {shape}")
        progress = _Progress(on_progress)
        while True:
            self.warm_up(recipe)
            backend = self._selection.backend
            try:
                work = _Work(self._selection, recipe, progress, should_stop)
                work.run(rgb, out, backend, self._settings.tile_pixels)
            except _BackendError as error:
                # A device that fails on one window is not trusted with the others: the picture starts again.
                self._selection.reject(backend, str(error))
            else:
                progress.report(1.0)
                return out


class _Progress:
    """Report only what rises, also when the work starts again on another backend."""

    def __init__(self, listener: Callable[[float], None] | None) -> None:
        self._listener = listener
        self._reported = -1.0

    def report(self, fraction: float) -> None:
        if self._listener and fraction > self._reported:
            self._reported = fraction
            self._listener(fraction)


class _Work:
    """One picture's way through a recipe on one backend."""

    def __init__(
        self,
        selection: Selection,
        recipe: Recipe,
        progress: _Progress,
        should_stop: Callable[[], bool] | None,
    ) -> None:
        self._selection = selection
        self._recipe = recipe
        self._progress = progress
        self._should_stop = should_stop
        self._done = 0.0
        self._total = 1.0

    def run(self, rgb: NDArray[np.uint8], out: NDArray[np.uint8], backend: Backend, wanted_core: int) -> None:
        """Fill ``out``; raise ``_BackendError`` when a network does."""
        rows, columns = self._plan(rgb.shape[0], rgb.shape[1], backend, wanted_core)
        self._total = sum(_pixels(row) for row in rows) * sum(_pixels(column) for column in columns)
        self._total *= self._recipe.seconds_per_megapixel
        self._progress.report(0.0)
        scale = self._recipe.scale
        tones = ToneGrid(rgb.shape[0], rgb.shape[1], scale)
        for row, column in itertools.product(rows, columns):
            core = to_levels(self._enlarged_core(rgb, row, column))
            out[row.start * scale : row.stop * scale, column.start * scale : column.stop * scale] = core
            tones.observe(
                row.start, column.start, rgb[row.start : row.stop, column.start : column.stop], core
            )
        for share in tones.correct(out):
            self._stop_if_asked()
            self._progress.report(_NETWORK_SHARE + (1 - _NETWORK_SHARE) * share)

    def _plan(
        self, height: int, width: int, backend: Backend, wanted_core: int
    ) -> tuple[list[Span], list[Span]]:
        """Return the spans of rows and of columns: as large as the hungriest pass of the recipe permits."""
        side, margin, edge = backend.largest_window, 0, 0
        for models, _ in self._recipe.ways:
            margin = max(margin, margin_for(models))
            edge = max(edge, edge_for(models))
            scale = 1
            for model in models:
                side = min(side, backend.window_side(model) // scale)
                scale *= model.scale
        core = core_side(side, margin, wanted_core)
        return spans(height, core, margin, edge), spans(width, core, margin, edge)

    def _enlarged_core(self, rgb: NDArray[np.uint8], row: Span, column: Span) -> Result:
        window = read_window(rgb, row, column)
        scale = self._recipe.scale
        mixed = np.zeros(
            ((row.stop - row.start) * scale, (column.stop - column.start) * scale, 3), np.float32
        )
        for models, share in self._recipe.ways:
            result = self._through(models, window, _pixels(row) * _pixels(column))
            mixed += core_of(result, models, row, column) * np.float32(share)
        return mixed

    def _through(self, models: tuple[Model, ...], window: Window, window_pixels: int) -> Result:
        """Run networks one after another on a window."""
        scale = 1
        result = window.astype(np.float32)
        for model in models:
            self._stop_if_asked()
            window = to_levels(result)
            try:
                result = run_window(self._selection.network(model), window)
            except (OutputRejected, RuntimeError, ValueError, MemoryError) as error:
                raise _BackendError(f"{model.name}: {error}") from error
            self._done += window_pixels * model.seconds_per_megapixel * scale**2
            scale *= model.scale
            self._progress.report(_NETWORK_SHARE * min(self._done / self._total, 1.0))
        return result

    def _stop_if_asked(self) -> None:
        if self._should_stop and self._should_stop():
            raise EngineCanceled


def _pixels(span: Span) -> int:
    return span.read_stop - span.read_start
