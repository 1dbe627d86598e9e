"""Enlarge a picture with a recipe: window by window, on the best backend that works here."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping, Set
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import astuple
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from upscaler.engine.backends.base import Backend, Result, Window
from upscaler.engine.backends.candidates import candidates_for
from upscaler.engine.backends.failures import FAILURES, is_out_of_memory, reason_of
from upscaler.engine.backends.quarantine import Device
from upscaler.engine.backends.select import Selection
from upscaler.engine.catalogue import MODELS, Model
from upscaler.engine.custom.model import FACES, CustomModel, not_for_enlarging
from upscaler.engine.custom.registry import ModelFolder
from upscaler.engine.faces.restore import FaceNetworks
from upscaler.engine.picture import Pixels, to_luma, white_of
from upscaler.engine.presets import Recipe, scale_of
from upscaler.engine.scratch import NoTileLog, Tile, TileLog
from upscaler.engine.seams import SeamCheck
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
from upscaler.engine.tries import Try
from upscaler.errors import EngineCanceled, ModelNotFound, OutputRejected, UnknownModel
from upscaler.version import __version__

_log = logging.getLogger(__name__)


_Plan = tuple[list[Span], list[Span]]

# Pixels that are digested at once.
_DIGEST_PIXELS = 1_000_000


class _BackendError(Exception):
    """A backend failed on a window; it may not with smaller ones, or the next one may not."""

    def __init__(self, reason: str, cause: BaseException) -> None:
        super().__init__(reason)
        self.out_of_memory = is_out_of_memory(cause)


class Networks:
    """The networks of one process. Nothing is chosen or loaded before the first use."""

    def __init__(self, settings: EngineSettings, selection: Selection | None = None, kind: str = "") -> None:
        self._settings = settings
        self._selection = selection or Selection(settings)
        self._kind = kind
        self._precise: Networks | None = None
        self._custom: tuple[Mapping[str, str], Networks] | None = None
        self.faces = FaceNetworks(settings)
        # Side of the tiles' cores of the last picture, in input pixels.
        self._tile = 0

    def precise(self) -> Networks:
        """Return the same networks computed in float32, for pictures of more than 8 bits; loaded on first use."""
        if self._precise is None:
            if self._selection.backend.precision == "fp32":
                return self
            candidates = candidates_for(self._settings, precise=True, kind=self._kind)
            selection = Selection(self._settings, candidates, quarantine=self._selection.quarantine)
            self._precise = Networks(self._settings, selection, self._kind)
        return self._precise

    def model_named(self, name: str) -> Model:
        """Return a network that enlarges, of the catalogue or added by the operator; raise ``UnknownModel``."""
        if name in MODELS:
            return MODELS[name]
        if not self._settings.models_dir:
            raise UnknownModel(name=name)
        folder = ModelFolder(Path(self._settings.models_dir))
        try:
            manifest = folder.find(name)
        except ModelNotFound:
            raise UnknownModel(name=name) from None
        if manifest.findings.purpose == FACES:
            raise not_for_enlarging(name)
        return manifest.model(folder.folder(name))

    def suited_to(self, recipe: Recipe, *, deep: bool) -> Networks:
        """Return the networks that are to run a stage, in float32 for pictures of more than 8 bits.

        A custom network chooses its backend by itself, so that its failures say nothing against those of the
        others. The last one that was used stays loaded.
        """
        own = next((model for model in recipe.models if isinstance(model, CustomModel)), None)
        networks = self if own is None else self._of(own)
        return networks.precise() if deep else networks

    def _of(self, model: CustomModel) -> Networks:
        if self._custom is None or self._custom[0] != model.digests:
            selection = Selection(self._settings, candidates_for(self._settings, kind=model.kind))
            self._custom = (model.digests, Networks(self._settings, selection, model.kind))
        return self._custom[1]

    def describe(self) -> dict[str, Any]:
        """Return the backend in use and why the ones before it were not taken, as JSON-ready values.

        Raises:
            EngineUnavailable: no backend can run here.

        """
        _ = self._selection.backend
        return self._description()

    def state(self) -> dict[str, Any]:
        """Return the same as ``describe``, but nothing of a backend while none is in use, and what is in memory."""
        loaded = {name for networks in self._all_in_memory() for name in networks._selection.loaded}
        return {**self._description(), "loaded": sorted(loaded)}

    def _description(self) -> dict[str, Any]:
        return {**self._selection.describe(), "threads": self._settings.threads}

    def _all_in_memory(self) -> list[Networks]:
        """Return these networks, and those that some pictures take in their place."""
        others = (self._precise, self._custom and self._custom[1])
        return [self, *(networks for networks in others if networks is not None)]

    def look_again(self) -> None:
        """At the start of a job: test the devices whose time in quarantine is over."""
        for networks in self._all_in_memory():
            networks._selection.look_again()

    def last_try(self) -> Try:
        """Return the backend that enlarged the last picture, and how, as the try that worked."""
        device = Device.of(self._selection.backend)
        return Try(device.engine, device.name, device.precision, self._tile, None)

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

    def reject(self, reason: str, recipe: Recipe) -> None:
        """Take note that what the backend in use gave was wrong. The next use tries it in another way."""
        names = [model.name for model in recipe.models]
        self._selection.reject(self._selection.backend, reason, tile=self._tile, networks=names)

    def enlarge(
        self,
        rgb: Pixels,
        recipe: Recipe,
        out: Pixels,
        *,
        on_rows: Callable[[int], None] | None = None,
        on_progress: Callable[[float], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
        tiles: TileLog | None = None,
    ) -> None:
        """Enlarge a picture, window by window from the top.

        Args:
            rgb: uint8 or uint16 of shape (height, width, 3), any size from 1 x 1 on.
            recipe: the networks to run.
            out: of shape (height * scale, width * scale, channels) and the same type, to write into; it may be a
                memory map.
                With one channel it gets the luma of what the networks give.
            on_rows: is called with the number of rows of ``rgb``, from the top, whose enlargement is in ``out``:
                0 at the start, and again when the work starts anew on another backend.
            on_progress: is called with a rising fraction from 0 to 1.
            should_stop: is asked before each run of a network; True ends the work.
            tiles: knows which windows of ``out`` are there already, and learns of the others; None for none.

        Raises:
            EngineCanceled: ``should_stop`` returned True.
            EngineUnavailable: no backend can run the recipe, or every one failed.

        """
        height, width, _ = rgb.shape
        shape = (height * recipe.scale, width * recipe.scale)
        if out.shape[:2] != shape:
            raise ValueError(f"out has shape {out.shape[:2]} in place of {shape}")
        progress = _Progress(on_progress)
        while True:
            self.warm_up(recipe)
            backend = self._selection.backend
            plan = self._plan(height, width, recipe)
            tile = _tile_of(plan)
            try:
                work = _Work(self._selection, recipe, progress, should_stop)
                log = tiles or NoTileLog()
                done = log.begin(_key(rgb, recipe, backend, plan) if log.remembers else "")
                work.run(rgb, out, plan, on_rows or (lambda _: None), done, log.note)
            except _BackendError as error:
                # A device that fails on one window is not trusted with the others: the picture starts again.
                names = [model.name for model in recipe.models]
                self._selection.reject(
                    backend, str(error), tile=tile, networks=names, out_of_memory=error.out_of_memory
                )
            else:
                self._tile = tile
                progress.report(1.0)
                return

    def _plan(self, height: int, width: int, recipe: Recipe) -> _Plan:
        """Return the spans of rows and of columns: as large as the hungriest pass of the recipe permits."""
        backend = self._selection.backend
        side, margin, edge = backend.largest_window, 0, 0
        for models, _ in recipe.ways:
            margin = max(margin, margin_for(models))
            edge = max(edge, edge_for(models))
            scale = 1
            for model in models:
                side = min(side, backend.window_side(model) // scale)
                scale *= model.scale
        wanted = [pixels for pixels in (self._settings.tile_pixels, self._selection.tile_limit) if pixels]
        core = core_side(side, margin, min(wanted, default=0))
        return spans(height, core, margin, edge), spans(width, core, margin, edge)


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

    def run(
        self,
        rgb: Pixels,
        out: Pixels,
        plan: _Plan,
        on_rows: Callable[[int], None],
        done: Set[Tile],
        note: Callable[[Tile], None],
    ) -> None:
        """Fill ``out`` but for the windows in ``done``, and note each; raise ``_BackendError`` when a network does."""
        rows, columns = plan
        self._total = sum(_pixels(row) for row in rows) * sum(_pixels(column) for column in columns)
        self._total *= self._recipe.seconds_per_megapixel
        self._progress.report(0.0)
        on_rows(0)
        seams = SeamCheck(rgb, out, self._recipe.scale, rows, columns)
        # While the networks work on a window, the one before it is rounded and stored.
        with ThreadPoolExecutor(1, "store") as storing:
            stored: Future[None] | None = None
            for row_number, row in enumerate(rows):
                for column_number, column in enumerate(columns):
                    tile = (row_number, column_number)
                    if tile in done:
                        self._skip(_pixels(row) * _pixels(column))
                        continue
                    core = self._enlarged_core(rgb, row, column)
                    if stored is not None:
                        stored.result()
                    stored = storing.submit(self._store, out, core, (row, column), partial(note, tile))
                if stored is not None:
                    stored.result()
                try:
                    seams.row_done(row_number)
                except OutputRejected as error:
                    raise _BackendError(reason_of(error, self._recipe.name), error) from error
                on_rows(row.stop)

    def _skip(self, window_pixels: int) -> None:
        self._stop_if_asked()
        self._done += window_pixels * self._recipe.seconds_per_megapixel
        self._progress.report(min(self._done / self._total, 1.0))

    def _store(self, out: Pixels, core: Result, window: tuple[Span, Span], note: Callable[[], None]) -> None:
        row, column = window
        scale = self._recipe.scale
        target = out[row.start * scale : row.stop * scale, column.start * scale : column.stop * scale]
        if target.shape[2] == 1:
            # Of the colours that a picture can hold: what is beyond them would shift the luma of the others.
            core = to_luma(np.clip(core, 0, 255, out=core))
        if target.dtype == np.uint16:
            core *= np.float32(257)
        np.rint(core, out=core)
        target[:] = np.clip(core, 0, white_of(target), out=core)
        note()

    def _enlarged_core(self, rgb: Pixels, row: Span, column: Span) -> Result:
        window = read_window(rgb, row, column)
        mixed: Result | None = None
        for models, share in self._recipe.ways:
            result = self._through(models, window, _pixels(row) * _pixels(column))
            core = _averaged(core_of(result, models, row, column), scale_of(models) // self._recipe.scale)
            if share != 1:
                core = core * np.float32(share)
            mixed = core if mixed is None else mixed + core
        assert mixed is not None  # noqa: S101 - a recipe has at least one way; this tells mypy
        return mixed

    def _through(self, models: tuple[Model, ...], window: Window, window_pixels: int) -> Result:
        """Run networks one after another on a window."""
        scale, deep = 1, window.dtype == np.float32
        result = window.astype(np.float32)
        for model in models:
            self._stop_if_asked()
            window = np.clip(result, 0, 255) if deep else to_levels(result)
            network = self._selection.network(model)
            try:
                result = run_window(network, window)
            except FAILURES as error:
                raise _BackendError(reason_of(error, model.name), error) from error
            self._done += window_pixels * model.seconds_per_megapixel * scale**2
            scale *= model.scale
            self._progress.report(min(self._done / self._total, 1.0))
        return result

    def _stop_if_asked(self) -> None:
        if self._should_stop and self._should_stop():
            raise EngineCanceled


def _key(rgb: Pixels, recipe: Recipe, backend: Backend, plan: _Plan) -> str:
    """Return what stands for everything that the pixels of an enlargement depend on."""
    facts = [
        *(__version__, recipe.name, recipe.scale, recipe.blend, backend.describe(), rgb.dtype.str, rgb.shape),
        [
            [(model.name, model.param_sha256, model.bin_sha256) for model in models]
            for models, _ in recipe.ways
        ],
        [[astuple(span) for span in axis] for axis in plan],
    ]
    digest = hashlib.blake2b(json.dumps(facts, sort_keys=True).encode(), digest_size=16)
    step = max(1, _DIGEST_PIXELS // rgb.shape[1])
    for top in range(0, rgb.shape[0], step):
        digest.update(np.ascontiguousarray(rgb[top : top + step]).data)
    return digest.hexdigest()


def _averaged(core: Result, by: int) -> Result:
    """Reduce by a whole number: each pixel is the mean of a block."""
    if by == 1:
        return core
    height, width, channels = core.shape
    return np.asarray(core.reshape(height // by, by, width // by, by, channels).mean(axis=(1, 3)), np.float32)


def _tile_of(plan: tuple[list[Span], list[Span]]) -> int:
    """Return the longest side of a core, in input pixels."""
    return max(span.stop - span.start for axis in plan for span in axis)


def _pixels(span: Span) -> int:
    return span.read_stop - span.read_start
