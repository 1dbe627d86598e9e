"""Upscale an image by a recipe: window by window, on the best backend that works here."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from upscaler.engine.backends.candidates import candidates_for
from upscaler.engine.backends.registry import AUTO
from upscaler.engine.backends.selection import Selection
from upscaler.engine.backends.speed_table import SpeedTable
from upscaler.engine.backends.trial import trial
from upscaler.engine.devices.activity import in_use
from upscaler.engine.devices.attempts import AttemptLog
from upscaler.engine.devices.quarantine import Device, Quarantine
from upscaler.engine.imaging.image import Pixels
from upscaler.engine.model_zoo.catalogue import MODELS, Model
from upscaler.engine.model_zoo.custom_model import FACES, CustomModel, not_for_upscaling
from upscaler.engine.model_zoo.model_folder import ModelFolder
from upscaler.engine.model_zoo.recipe_builder import models_of_presets
from upscaler.engine.model_zoo.recipes import Recipe
from upscaler.engine.progress import Progress
from upscaler.engine.settings import EngineSettings
from upscaler.engine.tiling.pace import Paces
from upscaler.engine.tiling.scratch import NoTileLog, TileLog
from upscaler.engine.tiling.stage_run import StageRun
from upscaler.engine.tiling.tile_key import key_of_tiles, side_of
from upscaler.engine.tiling.tile_runner import BackendChangedError, BackendError, Plan, TileRunner
from upscaler.engine.tiling.tiles import core_side, cut_evenly, edge_for, margin_for
from upscaler.errors import ModelNotFound, UnknownModel

_log = logging.getLogger(__name__)

_DONE = object()


class Upscaler:
    """The models of one process that upscale. No backend is chosen and nothing is loaded before the first use.

    The methods that may fail a backend take the job's ``attempts`` and note each failure there; None for no job.

    Args:
        settings: of the engine.
        selection: chooses the backend; None for a selection of its own.
        kind: that of the custom model that it serves, "" for those of the catalogue.
        held: the devices in quarantine, as ``state`` of the process before this one had them.
        speeds: of the models on this machine; None for those that its file holds.
    """

    def __init__(
        self,
        settings: EngineSettings,
        selection: Selection | None = None,
        kind: str = "",
        held: Sequence[Mapping[str, Any]] = (),
        speeds: SpeedTable | None = None,
    ) -> None:
        self._settings = settings
        self._held_with_custom: list[Mapping[str, Any]] = [
            entry for entry in held if not MODELS.keys() >= set(entry["models"])
        ]
        known = [entry for entry in held if entry not in self._held_with_custom]
        self._selection = selection or Selection(settings, quarantine=Quarantine.restored(known))
        self._kind = kind
        self._precise: Upscaler | None = None
        self._custom: tuple[CustomModel, Upscaler] | None = None
        self._speeds = SpeedTable.of(settings) if speeds is None else speeds
        self._trial: Iterator[None] | None = None
        self._paces = Paces(self._speeds)
        # By the fastest device, the upscalers of models that another backend runs faster than the one in use here.
        self._faster: dict[Device, Upscaler] = {}
        # Side of the tiles' cores of the last image, in input pixels.
        self._tile = 0

    @property
    def settings(self) -> EngineSettings:
        """The settings of the engine."""
        return self._settings

    def model_named(self, name: str) -> Model:
        """Return a model that upscales, of the catalogue or added by the operator; raise ``UnknownModel``."""
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
            raise not_for_upscaling(name)
        return manifest.model(folder.folder(name))

    def suited_to(self, recipe: Recipe, *, deep: bool, attempts: AttemptLog | None = None) -> Upscaler:
        """Return the upscaler that is to run a stage, in float32 for images of more than 8 bits.

        That is the one whose backend runs the stage's costliest model fastest, as far as that was measured. A custom
        model chooses a backend for itself, so that its failures do not count against the backend of the others. The
        last one that was used stays loaded.
        """
        custom = next((model for model in recipe.models if isinstance(model, CustomModel)), None)
        if custom is None and self._selection.may_choose_by_speed(attempts):
            faster = self._fastest(recipe.costliest, deep=deep)
            if faster is not None:
                return faster
        chosen = self if custom is None else self._for_custom(custom)
        return chosen.precise(attempts) if deep else chosen

    def _fastest(self, model: Model, *, deep: bool) -> Upscaler | None:
        """Return the upscaler with the fastest backend for a model; None where that is not known."""
        order = [speed.key for speed in self._speeds.ranking(model) if not deep or speed.precision == "fp32"]
        if not order:
            return None
        if order[0] == self._selection.backend.device_key:
            return self
        if order[0] not in self._faster:
            candidates = [
                backend
                for backend in self._selection.ordered(order)
                if not deep or backend.precision == "fp32"
            ]
            selection = Selection(self._settings, candidates, quarantine=self._selection.quarantine)
            self._faster[order[0]] = Upscaler(self._settings, selection, speeds=self._speeds)
        return self._faster[order[0]]

    def refine(self) -> bool:
        """Go on with the trial of backends for a moment; return whether there is more to do."""
        if self._trial is None:
            if not self._settings.trial:
                return False
            models = models_of_presets()
            self._trial = trial(self._selection.contestants, models, self._speeds, self._settings)
        return next(self._trial, _DONE) is not _DONE

    def precise(self, attempts: AttemptLog | None = None) -> Upscaler:
        """Return an upscaler that runs the same models in float32; they are loaded on first use."""
        if self._precise is None:
            if self._selection.choose(attempts).precision == "fp32":
                return self
            candidates = candidates_for(self._settings, precise=True, kind=self._kind)
            selection = Selection(self._settings, candidates, quarantine=self._selection.quarantine)
            self._precise = Upscaler(self._settings, selection, self._kind)
        return self._precise

    def _for_custom(self, model: CustomModel) -> Upscaler:
        if self._custom is None or self._custom[0].digests != model.digests:
            self._held_with_custom = self._held_for_custom()
            held = [entry for entry in self._held_with_custom if model.name in entry["models"]]
            candidates = candidates_for(self._settings, kind=model.kind)
            selection = Selection(self._settings, candidates, quarantine=Quarantine.restored(held))
            self._custom = (model, Upscaler(self._settings, selection, model.kind))
        return self._custom[1]

    def describe(self) -> dict[str, Any]:
        """Return the backend in use and why the ones before it were not taken, as JSON-ready values.

        Raises:
            EngineUnavailable: no backend can run here.

        """
        self._selection.choose()
        return self._description()

    def state(self) -> dict[str, Any]:
        """Return the same as ``describe``, but nothing of a backend while none is in use, and what is in memory.

        The devices in quarantine include those of a custom model.
        """
        loaded = {name for upscaler in self._all_in_memory() for name in upscaler._selection.loaded}
        held = [*self._selection.quarantine.as_list(), *self._held_for_custom()]
        return {
            **self._description(),
            "loaded": sorted(loaded),
            "quarantined": held,
            "speeds": self._speeds.by_name(self._selection.quarantine.holds),
        }

    def _held_for_custom(self) -> list[Mapping[str, Any]]:
        """Return the quarantine entries of the custom model in use, and of those that are not."""
        if self._custom is None:
            return self._held_with_custom
        model, upscaler = self._custom
        others = [entry for entry in self._held_with_custom if model.name not in entry["models"]]
        return [*others, *upscaler._selection.quarantine.as_list()]

    def _description(self) -> dict[str, Any]:
        return {**self._selection.describe(), "threads": self._settings.threads}

    def _all_in_memory(self) -> list[Upscaler]:
        """Return this upscaler, and those that some images take in its place."""
        others = (self._precise, self._custom and self._custom[1], *self._faster.values())
        return [self, *(upscaler for upscaler in others if upscaler is not None)]

    def recheck(self) -> None:
        """At the start of a job: test the devices whose time in quarantine is over."""
        for upscaler in self._all_in_memory():
            upscaler._selection.recheck()

    def runs_models(self, attempts: AttemptLog | None = None) -> bool:
        """Return whether the backend in use runs models, or only stands in for them."""
        return self._selection.choose(attempts).runs_models

    def on_processor(self, attempts: AttemptLog | None = None) -> bool:
        """Return whether the backend in use computes on processors and not on a graphics device."""
        return self._selection.choose(attempts).on_processor

    def warm_up(self, recipe: Recipe, attempts: AttemptLog | None = None) -> None:
        """Load and self-test every model of a recipe.

        Raises:
            EngineUnavailable: no backend can run it, or weights are missing.

        """
        for model in recipe.models:
            self._selection.load(model, attempts)

    def reject(self, reason: str, recipe: Recipe, attempts: AttemptLog | None = None) -> None:
        """Record that the result of the backend in use was wrong. The next use goes another way about it."""
        names = [model.name for model in recipe.models]
        backend = self._selection.choose(attempts)
        self._selection.reject(backend, reason, tile=self._tile, models=names, attempts=attempts)

    def upscale(
        self,
        rgb: Pixels,
        recipe: Recipe,
        out: Pixels,
        *,
        on_rows: Callable[[int], None] | None = None,
        on_progress: Callable[[float], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
        tiles: TileLog | None = None,
        attempts: AttemptLog | None = None,
    ) -> StageRun:
        """Upscale an image, window by window from the top, and return what did it.

        Args:
            rgb: uint8 or uint16 of shape (height, width, 3), any size from 1 x 1 on.
            recipe: the models to run.
            out: of shape (height * scale, width * scale, channels) and the same type, to write into; it may be a
                memory map.
                With one channel it gets the luma of the result.
            on_rows: is called with the number of rows of ``rgb``, from the top, whose upscaled image is in ``out``:
                0 at the start, and again when the work starts anew on another backend.
            on_progress: is called with a rising fraction from 0 to 1.
            should_stop: is asked before each run of a model; True ends the work.
            tiles: knows which windows of ``out`` are there already, and records the others; None for none.
            attempts: of the job; each failure of a backend is noted there.

        Raises:
            EngineCanceled: ``should_stop`` returned True.
            EngineUnavailable: no backend can run the recipe, or every one failed.

        """
        height, width, _ = rgb.shape
        shape = (height * recipe.scale, width * recipe.scale)
        if out.shape[:2] != shape:
            raise ValueError(f"out has shape {out.shape[:2]} in place of {shape}")
        progress = Progress(on_progress or (lambda _: None))
        while True:
            self.warm_up(recipe, attempts)
            backend = self._selection.choose(attempts)
            plan = self._plan(height, width, recipe)
            tile = side_of(plan)
            names = [model.name for model in recipe.models]
            try:
                pace = self._paces.on(backend, recipe.models)
                runner = TileRunner(self._selection, recipe, progress, pace, should_stop, attempts)
                log = tiles or NoTileLog()
                done = log.begin(key_of_tiles(rgb, recipe, backend, plan) if log.remembers else "")
                with in_use(backend.device_key, names, testing=False):
                    runner.run(rgb, out, plan, on_rows or (lambda _: None), done, log.note)
            except BackendChangedError:
                # A request in a pause of this one has put the backend into quarantine.
                continue
            except BackendError as error:
                # A device that fails on one window is not trusted with the others: the image starts again.
                self._selection.reject(
                    backend,
                    str(error),
                    tile=tile,
                    models=names,
                    out_of_memory=error.out_of_memory,
                    attempts=attempts,
                )
            else:
                self._tile = tile
                progress.report(1.0)
                chosen_by = self._chosen_by(recipe, backend.device_key)
                description = {**self._description(), **backend.describe(), "chosen_by": chosen_by}
                return StageRun(recipe, backend, tile, description, tuple(runner.stand_ins.values()))

    def _chosen_by(self, recipe: Recipe, device: Device) -> str:
        """Return what led to a backend: the "setting", the "trial", or else the "default" order."""
        if self._settings.engine != AUTO:
            return "setting"
        ranking = self._speeds.ranking(recipe.costliest)
        return "trial" if any(speed.key == device for speed in ranking) else "default"

    def _plan(self, height: int, width: int, recipe: Recipe) -> Plan:
        """Return the spans of rows and of columns: as large as the recipe's largest consumer of memory permits."""
        backend = self._selection.backend
        side, margin, edge = backend.largest_window, 0, 0
        for models, _ in recipe.branches:
            margin = max(margin, margin_for(models))
            edge = max(edge, edge_for(models))
            side = min(side, backend.side_through(models))
        wanted = [pixels for pixels in (self._settings.tile_pixels, self._selection.tile_limit) if pixels]
        core = core_side(side, margin, min(wanted, default=0))
        return cut_evenly((height, width), core, margin, edge, backend.streams_for(recipe.models))
