"""The choice of the backend: the first candidate that can run here and passes its self-test."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from upscaler.engine.backends.base import Backend, LoadedModel
from upscaler.engine.backends.candidates import candidates_for
from upscaler.engine.backends.pool import Candidate, CandidatePool, load_tested
from upscaler.engine.backends.registry import AUTO
from upscaler.engine.backends.speed import order_by_speed
from upscaler.engine.backends.windows import SMALLEST_CORE
from upscaler.engine.devices.attempts import AttemptLog
from upscaler.engine.devices.failures import FAILURES, reason_of
from upscaler.engine.devices.quarantine import Device, Quarantine
from upscaler.engine.model_zoo.catalogue import Model
from upscaler.engine.settings import EngineSettings
from upscaler.errors import EngineUnavailable

_log = logging.getLogger(__name__)


class Selection:
    """The backend in use, its loaded models, and why those before it were not taken.

    A backend that fails is put into quarantine, and the next one is taken. At the start of a job the devices whose time
    has come are tested again; so are all of them where none is left, for an image may be to blame and not a device.

    The methods that may fail a candidate take the job's ``attempts`` and note each failure there; None for no job.

    Args:
        settings: of the engine.
        backends: best first; None for those that the settings allow.
        quarantine: may be shared with other selections; None for one of its own.
    """

    def __init__(
        self,
        settings: EngineSettings,
        backends: Sequence[Backend] | None = None,
        *,
        quarantine: Quarantine | None = None,
    ) -> None:
        self._settings = settings
        self._given = backends
        self._candidates: CandidatePool | None = None
        self._current: Candidate | None = None
        self._models: dict[str, LoadedModel] = {}
        # By device, the longest side of a tile's core in input pixels that its memory permitted.
        self._tiles: dict[Device, int] = {}
        # The devices whose tiles were made smaller in this job.
        self._shrunk: set[Device] = set()
        self._ordered = False
        self._lock = threading.RLock()
        self.quarantine = quarantine or Quarantine()

    @property
    def backend(self) -> Backend:
        """The backend in use; see ``choose``."""
        return self.choose()

    def choose(self, attempts: AttemptLog | None = None) -> Backend:
        """Return the backend in use; the first call probes and tests candidates.

        Raises:
            EngineUnavailable: no candidate can run here.

        """
        with self._lock:
            if self._current is None:
                self._current = self._first_usable(attempts or AttemptLog())
            return self._current.backend

    def may_choose_by_speed(self, attempts: AttemptLog | None = None) -> bool:
        """Return whether measured speeds decide between processors: no graphics device is in use, no engine named."""
        return self._settings.engine == AUTO and self.choose(attempts).on_processor

    def contestants(self) -> Iterator[Backend]:
        """Yield the backends whose speeds are to be measured, one after another, each once it passed its self-test.

        Those are the processors', or the one in use where the speeds decide nothing.
        """
        try:
            if not self.may_choose_by_speed():
                if self.choose().runs_models:
                    yield self.choose()
                return
        except EngineUnavailable:
            return
        seen: set[Device] = set()
        for candidate in self._present():
            try:
                with self._lock:
                    usable = self._pool().is_usable(candidate, AttemptLog())
            except EngineUnavailable:
                continue
            if usable and candidate.backend.runs_models and candidate.device not in seen:
                seen.add(candidate.device)
                yield candidate.backend

    def ordered(self, devices: Sequence[Device]) -> list[Backend]:
        """Return the processors' backends: those of ``devices`` first, in that order."""
        places = {device: place for place, device in enumerate(devices)}
        found = [candidate.backend for candidate in self._present()]
        return sorted(found, key=lambda backend: places.get(backend.device_key, len(places)))

    def _present(self) -> list[Candidate]:
        with self._lock:
            return self._pool().processors()

    @property
    def tile_limit(self) -> int:
        """The longest side of a tile's core in input pixels that the backend in use copes with, 0 for any."""
        return self._tiles.get(self.backend.device_key, 0)

    @property
    def not_taken(self) -> list[dict[str, str]]:
        """Why candidates are not used, best first: a lack, a failure, or their speed."""
        with self._lock:
            return [] if self._candidates is None else self._candidates.not_taken

    @property
    def loaded(self) -> list[str]:
        """Names of the models in memory."""
        with self._lock:
            return sorted(self._models)

    def describe(self) -> dict[str, Any]:
        """Return the present state as JSON-ready values; nothing is probed for it."""
        with self._lock:
            used = {} if self._current is None else self._current.backend.describe()
            return {**used, "not_taken": self.not_taken, "quarantined": self.quarantine.as_list()}

    def load(self, model: Model, attempts: AttemptLog | None = None) -> LoadedModel:
        """Return a loaded model that passed its self-test; on failure the next candidate gets its turn.

        Raises:
            EngineUnavailable: no candidate is left, or the weights are missing.

        """
        attempts = attempts or AttemptLog()
        with self._lock:
            while model.name not in self._models:
                backend = self.choose(attempts)
                self._make_room(backend, model)
                try:
                    loaded = load_tested(backend, model)
                except EngineUnavailable:
                    # The weights are missing, or this engine was named and does not run this model.
                    raise
                except FAILURES as error:
                    reason = reason_of(error, model.name)
                    self._pool().put_into_quarantine(backend, reason, None, [model.name], attempts)
                else:
                    self._models[model.name] = loaded
            return self._models[model.name]

    def reject(
        self,
        backend: Backend,
        reason: str,
        *,
        tile: int | None = None,
        models: Iterable[str] = (),
        out_of_memory: bool = False,
        attempts: AttemptLog | None = None,
    ) -> None:
        """Record that a backend failed with an image, and choose how to go on.

        Where it ran out of memory it gets tiles of half the side, again and again. After other failures another
        precision of the same device is taken, where there is none smaller tiles once, and then the next device.

        Args:
            backend: the one that failed.
            reason: what went wrong.
            tile: side of its tiles' cores in input pixels.
            models: names of those that it ran.
            out_of_memory: whether it asked for more memory than there is.
            attempts: of the job.

        """
        attempts, device = attempts or AttemptLog(), backend.device_key
        with self._lock:
            pool = self._pool()
            shrinks = out_of_memory or (
                device not in self._shrunk and not pool.has_other_precision(backend, attempts)
            )
            if shrinks and tile is not None and tile // 2 >= SMALLEST_CORE:
                self._tiles[device] = tile // 2
                self._shrunk.add(device)
                attempts.note(device, tile, reason)
                _log.warning("engine %s (%s) goes on with smaller tiles: %s", *device[::2], reason)
                return
            pool.put_into_quarantine(backend, reason, tile, models, attempts)

    def recheck(self) -> None:
        """At the start of a job: test the devices whose time in quarantine is over, and return to a better one."""
        with self._lock:
            self._shrunk.clear()
            if self._candidates is None:
                return
            # A test before the job is none of its attempts.
            best = self._candidates.recheck(AttemptLog())
            if best is not self._current:
                self._current = best
                self._models.clear()

    def _make_room(self, backend: Backend, model: Model) -> None:
        """Drop a model and what is derived from it for one another, where there is not the memory for both.

        They are large, and a job that needs both needs one after the other. A window at work keeps its model.
        """
        relatives = [
            loaded.model for loaded in self._models.values() if _origin(loaded.model) == _origin(model)
        ]
        if relatives and not backend.holds([model, *relatives]):
            for relative in relatives:
                del self._models[relative.name]

    def _pool(self) -> CandidatePool:
        if self._candidates is None:
            given = candidates_for(self._settings) if self._given is None else self._given
            self._candidates = CandidatePool(given, self.quarantine, self._forget)
        return self._candidates

    def _forget(self, backend: Backend) -> None:
        """Drop what is known and loaded of a backend that was put into quarantine."""
        self._tiles.pop(backend.device_key, None)
        if self._current is not None and self._current.backend is backend:
            self._current = None
            self._models.clear()

    def _first_usable(self, attempts: AttemptLog) -> Candidate:
        pool = self._pool()
        # Where the operator has named an engine or a device, its speed does not matter.
        if not self._ordered and self._settings.engine == AUTO and self._settings.gpu_index < 0:
            self._ordered = True
            order_by_speed(pool, attempts)
        candidate = pool.first_usable(attempts)
        if candidate is None:
            reasons = "; ".join(f"{entry['engine']}: {entry['reason']}" for entry in self.not_taken)
            raise EngineUnavailable(reason=reasons or "no engine is left")
        _log.info("engine %s on %s, %s", *candidate.device)
        return candidate


def _origin(model: Model) -> str:
    """Return the name of the model whose weights a model has."""
    return model.derived_from or model.name
