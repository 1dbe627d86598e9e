"""Run one image through a recipe on one backend, window by window from the top."""

from __future__ import annotations

import threading
from collections.abc import Callable, Set
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from functools import partial

import numpy as np

from upscaler.engine.backends.base import Result, Window
from upscaler.engine.backends.selection import Selection
from upscaler.engine.backends.windows import run_window, to_levels
from upscaler.engine.devices.attempts import AttemptLog
from upscaler.engine.devices.failures import FAILURES, is_out_of_memory, reason_of
from upscaler.engine.imaging.image import Pixels, to_luma, white_of
from upscaler.engine.model_zoo.catalogue import Model, stand_ins_of
from upscaler.engine.model_zoo.recipes import Recipe, scale_of
from upscaler.engine.progress import Progress
from upscaler.engine.tiling.pace import Pace
from upscaler.engine.tiling.scratch import Tile
from upscaler.engine.tiling.seams import SeamCheck
from upscaler.engine.tiling.stand_in import blended, patches, strayed
from upscaler.engine.tiling.streams import in_order
from upscaler.engine.tiling.tiles import Span, core_of, margin_for, read_window
from upscaler.errors import EngineCanceled, OutputRejected

# The spans of rows and of columns.
Plan = tuple[list[Span], list[Span]]


class BackendError(Exception):
    """A failure of a backend on a window; smaller windows, or the next backend, may succeed."""

    def __init__(self, reason: str, cause: BaseException) -> None:
        super().__init__(reason)
        self.out_of_memory = is_out_of_memory(cause)


class BackendChangedError(Exception):
    """Another backend is in use than the one that the image began with, which has to start again on it."""


class TileRunner:
    """The run of one image through a recipe on one backend."""

    def __init__(
        self,
        selection: Selection,
        recipe: Recipe,
        progress: Progress,
        pace: Pace,
        should_stop: Callable[[], bool] | None,
        attempts: AttemptLog | None = None,
    ) -> None:
        self._selection = selection
        self._recipe = recipe
        self._progress = progress
        self._pace = pace
        self._should_stop = should_stop
        self._attempts = attempts
        self._backend = selection.backend
        self._done = 0.0
        self._total = 1.0
        # The models that took the place of others somewhere, by name.
        self.stand_ins: dict[str, Model] = {}
        # Windows in threads of their own add to what is done; this one stops, pauses and reports.
        self._adding = threading.Lock()
        self._own_thread = threading.get_ident()

    def run(
        self,
        rgb: Pixels,
        out: Pixels,
        plan: Plan,
        on_rows: Callable[[int], None],
        done: Set[Tile],
        note: Callable[[Tile], None],
    ) -> None:
        """Fill ``out`` except for the windows in ``done``, and note each.

        Raises:
            BackendError: a model failed.
            BackendChangedError: the backend was put into quarantine by another request.

        """
        rows, columns = plan
        self._total = sum(_pixels(row) for row in rows) * sum(_pixels(column) for column in columns)
        self._total *= self._recipe.seconds_per_megapixel
        self._progress.report(0.0)
        on_rows(0)
        seams = SeamCheck(rgb, out, self._recipe.scale, rows, columns)
        # While the models work on a window, the one before it is rounded and stored.
        pending = [
            partial(self._upscaled_core, rgb, row, column)
            for row_number, row in enumerate(rows)
            for column_number, column in enumerate(columns)
            if (row_number, column_number) not in done
        ]
        streams, aside = self._backend.streams_for(self._recipe.models), self._backend.runs_aside
        with (
            ThreadPoolExecutor(1, "store") as storing,
            closing(in_order(pending, streams, self._pause, aside=aside)) as cores,
        ):
            stored: Future[None] | None = None
            for row_number, row in enumerate(rows):
                for column_number, column in enumerate(columns):
                    tile = (row_number, column_number)
                    if tile in done:
                        self._skip(_pixels(row) * _pixels(column))
                        continue
                    core = next(cores)
                    if stored is not None:
                        stored.result()
                    stored = storing.submit(self._store, out, core, (row, column), partial(note, tile))
                if stored is not None:
                    stored.result()
                try:
                    seams.row_done(row_number)
                except OutputRejected as error:
                    raise BackendError(reason_of(error, self._recipe.name), error) from error
                on_rows(row.stop)
        # The last window may have ended in a thread of its own after this one reported for the last time.
        self._report()

    def _skip(self, window_pixels: int) -> None:
        self._add(window_pixels * self._recipe.seconds_per_megapixel)
        self._pause()

    def _store(self, out: Pixels, core: Result, window: tuple[Span, Span], note: Callable[[], None]) -> None:
        row, column = window
        scale = self._recipe.scale
        target = out[row.start * scale : row.stop * scale, column.start * scale : column.stop * scale]
        if target.shape[2] == 1:
            # Clipped first: colours that an image cannot hold would shift the luma of the others.
            core = to_luma(np.clip(core, 0, 255, out=core))
        if target.dtype == np.uint16:
            core *= np.float32(257)
        np.rint(core, out=core)
        target[:] = np.clip(core, 0, white_of(target), out=core)
        note()

    def _upscaled_core(self, rgb: Pixels, row: Span, column: Span) -> Result:
        window = read_window(rgb, row, column)
        mixed: Result | None = None
        for models, share in self._recipe.branches:
            result = self._through(models, window, _pixels(row) * _pixels(column))
            core = _averaged(core_of(result, models, row, column), scale_of(models) // self._recipe.scale)
            if share != 1:
                core = core * np.float32(share)
            mixed = core if mixed is None else mixed + core
        assert mixed is not None  # noqa: S101 - a recipe has at least one branch; for mypy
        return mixed

    def _through(self, models: tuple[Model, ...], window: Window, window_pixels: int) -> Result:
        """Run models one after another on a window."""
        scale, deep = 1, window.dtype == np.float32
        result = window.astype(np.float32)
        for model in models:
            window = np.clip(result, 0, 255) if deep else to_levels(result)
            work = window_pixels * model.seconds_per_megapixel * scale**2
            result = self._run_model(model, window, work)
            self._add(work)
            if model.stand_in:
                result = self._with_stand_in(model, window, result)
            scale *= model.scale
        self._report()
        return result

    def _run_model(self, model: Model, window: Window, work: float) -> Result:
        self._pause()
        loaded = self._selection.load(model, self._attempts)
        if self._selection.backend is not self._backend:
            raise BackendChangedError
        try:
            with self._pace.run(model, window.shape[0] * window.shape[1], work):
                return run_window(loaded, window, self._pause)
        except EngineCanceled:
            # From a pause within the window, of which the device knows nothing.
            raise
        except FAILURES as error:
            raise BackendError(reason_of(error, model.name), error) from error

    def _with_stand_in(self, model: Model, window: Window, result: Result) -> Result:
        """Return the result of a model for a window, with that of its stand-in where it strayed."""
        where = strayed(result, window, model.scale)
        if not where.any():
            return result
        stand_in, scale = stand_ins_of(model), model.scale
        for rows, columns, inside in patches(where, margin_for(stand_in)):
            other = self._through(stand_in, read_window(window, rows, columns), 0)
            part = result[
                rows.start * scale : rows.stop * scale, columns.start * scale : columns.stop * scale
            ]
            part[:] = blended(part, core_of(other, stand_in, rows, columns), inside, scale)
        with self._adding:
            self.stand_ins.update((used.name, used) for used in stand_in)
        return result

    def _add(self, work: float) -> None:
        with self._adding:
            self._done += work

    def _report(self) -> None:
        if threading.get_ident() == self._own_thread:
            with self._adding:
                done = self._done
            # Afterwards, so that a run that ends meanwhile is counted once at most.
            done += self._pace.work_under_way()
            self._progress.report(min(done / self._total, 1.0))

    def _pause(self) -> None:
        """Report the progress and stop if asked to; in the thread of this image only, for requests run in pauses."""
        if threading.get_ident() != self._own_thread:
            return
        self._report()
        if self._should_stop and self._should_stop():
            raise EngineCanceled


def _averaged(core: Result, by: int) -> Result:
    """Downscale by a whole number: each pixel is the mean of a block."""
    if by == 1:
        return core
    height, width, channels = core.shape
    return np.asarray(core.reshape(height // by, by, width // by, by, channels).mean(axis=(1, 3)), np.float32)


def _pixels(span: Span) -> int:
    return span.read_stop - span.read_start
