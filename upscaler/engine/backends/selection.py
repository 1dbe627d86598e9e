"""Choose the backend: the first candidate that can run here and passes its self-test."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Sequence
from typing import Any

from upscaler.engine.backends.base import Backend, Network
from upscaler.engine.backends.candidates import candidates_for
from upscaler.engine.backends.self_test import self_test
from upscaler.engine.backends.speed import TOLERATED, seconds_for_window
from upscaler.engine.backends.windows import SMALLEST_CORE
from upscaler.engine.devices import attempts
from upscaler.engine.devices.activity import in_use
from upscaler.engine.devices.failures import FAILURES, reason_of
from upscaler.engine.devices.quarantine import Device, Quarantine
from upscaler.engine.model_zoo.catalogue import MODELS, Model
from upscaler.engine.settings import EngineSettings
from upscaler.errors import EngineUnavailable

_log = logging.getLogger(__name__)


class _Candidate:
    """A backend and what is known of it.

    Attributes:
        backend: the backend.
        probed: whether it was looked for.
        missing: why it cannot run here; None where it can, or was not looked for.
        tested: whether it has passed its self-test.
        was_tested: whether it was tested at all in this process.
        slower: why another one is taken although this one works.

    """

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.probed = False
        self.missing: str | None = None
        self.tested = False
        self.was_tested = False
        self.slower: str | None = None

    @property
    def device(self) -> Device:
        return self.backend.device_key


class Selection:
    """The backend in use, its loaded networks, and why those before it were not taken.

    A backend that fails is put into quarantine, and the next one is taken. At the start of a job the devices whose time
    has come are tested again; so are all of them where none is left, for an image may be to blame and not a device.

    Args:
        settings: of the engine.
        candidates: best first; None for those that the settings allow.
        quarantine: may be shared with other selections; None for one of its own.
    """

    def __init__(
        self,
        settings: EngineSettings,
        candidates: Sequence[Backend] | None = None,
        *,
        quarantine: Quarantine | None = None,
    ) -> None:
        self._settings = settings
        self._given = candidates
        self._candidates: list[_Candidate] | None = None
        self._current: _Candidate | None = None
        self._networks: dict[str, Network] = {}
        self._tiles: dict[Device, int] = {}
        self._shrunk: set[Device] = set()
        self._ordered = False
        self._lock = threading.RLock()
        self.quarantine = quarantine or Quarantine()

    @property
    def backend(self) -> Backend:
        """The backend in use; the first call looks for one.

        Raises:
            EngineUnavailable: no candidate can run here.

        """
        with self._lock:
            if self._current is None:
                self._current = self._first_usable()
            return self._current.backend

    @property
    def tile_limit(self) -> int:
        """The longest side of a tile's core in input pixels that the backend in use copes with, 0 for any."""
        return self._tiles.get(self.backend.device_key, 0)

    @property
    def not_taken(self) -> list[dict[str, str]]:
        """Why candidates are not used, best first: what they lack, or what failed."""
        held = {Device(e["engine"], e["device"], e["precision"]): e for e in self.quarantine.as_list()}
        entries: list[dict[str, str]] = []
        with self._lock:
            for candidate in self._candidates or ():
                reason = candidate.missing
                if reason is None and candidate.probed and candidate.device in held:
                    reason = held[candidate.device]["reason"]
                if reason is None:
                    reason = candidate.slower
                entry = {"engine": candidate.backend.name, "reason": reason or ""}
                if reason is not None and entry not in entries:
                    entries.append(entry)
        return entries

    @property
    def loaded(self) -> list[str]:
        """Names of the networks in memory."""
        with self._lock:
            return sorted(self._networks)

    def describe(self) -> dict[str, Any]:
        """Return what is known at this moment of backends, nothing looked for, as JSON-ready values."""
        with self._lock:
            used = {} if self._current is None else self._current.backend.describe()
            return {**used, "not_taken": self.not_taken, "quarantined": self.quarantine.as_list()}

    def network(self, model: Model) -> Network:
        """Return a loaded network that passed its self-test; on failure the next candidate is tried.

        Raises:
            EngineUnavailable: no candidate is left, or the weights are missing.

        """
        with self._lock:
            while model.name not in self._networks:
                backend = self.backend
                try:
                    network = _tested(backend, model)
                except EngineUnavailable:
                    # The weights are missing, or this engine was named and does not run this network.
                    raise
                except FAILURES as error:
                    self._put_aside(backend, reason_of(error, model.name), None, [model.name])
                else:
                    self._networks[model.name] = network
            return self._networks[model.name]

    def reject(
        self,
        backend: Backend,
        reason: str,
        *,
        tile: int | None = None,
        networks: Iterable[str] = (),
        out_of_memory: bool = False,
    ) -> None:
        """Take note that a backend failed with an image, and choose how to go on.

        Where it ran out of memory it gets tiles of half the side, again and again. After other failures another
        precision of the same device is taken, where there is none smaller tiles once, and then the next device.

        Args:
            backend: the one that failed.
            reason: what went wrong.
            tile: side of its tiles' cores in input pixels.
            networks: names of those that it ran.
            out_of_memory: whether it wanted more memory than there is.

        """
        device = backend.device_key
        with self._lock:
            shrinks = out_of_memory or (device not in self._shrunk and not self._other_precision(backend))
            if shrinks and tile is not None and tile // 2 >= SMALLEST_CORE:
                self._tiles[device] = tile // 2
                self._shrunk.add(device)
                _note(device, tile, reason)
                _log.warning("engine %s (%s) goes on with smaller tiles: %s", *device[::2], reason)
                return
            self._put_aside(backend, reason, tile, networks)

    def look_again(self) -> None:
        """At the start of a job: test the devices whose time in quarantine is over, and return to a better one."""
        with self._lock:
            self._shrunk.clear()
            known = [candidate for candidate in self._candidates or () if candidate.probed]
            for candidate in known:
                if candidate.missing is None and self.quarantine.is_due(candidate.device):
                    self._test_again(candidate)
            if known and not any(self._is_usable(candidate) for candidate in self._all()):
                self._first_passing(known)
            best = next((candidate for candidate in known if self._is_usable(candidate)), None)
            if best is not self._current:
                self._current = best
                self._networks.clear()

    def _put_aside(self, backend: Backend, reason: str, tile: int | None, networks: Iterable[str]) -> None:
        device = backend.device_key
        _log.warning("engine %s (%s) is in quarantine: %s", *device[::2], reason)
        _note(device, tile, reason)
        with self._lock:
            self.quarantine.add(device, reason, networks)
            self._tiles.pop(device, None)
            if self._current is not None and self._current.backend is backend:
                self._current = None
                self._networks.clear()

    def _all(self) -> list[_Candidate]:
        if self._candidates is None:
            given = candidates_for(self._settings) if self._given is None else self._given
            self._candidates = [_Candidate(backend) for backend in given]
        return self._candidates

    def _first_usable(self) -> _Candidate:
        self._order_by_speed()
        for candidate in self._all():
            if self._is_usable(candidate):
                device = candidate.device
                _log.info("engine %s on %s, %s", *device)
                return candidate
        # Another process may have put them into quarantine, for an image that was to blame.
        untested = [candidate for candidate in self._all() if not candidate.was_tested]
        passing = self._first_passing(untested)
        if passing is not None:
            return passing
        reasons = "; ".join(f"{entry['engine']}: {entry['reason']}" for entry in self.not_taken)
        raise EngineUnavailable(reason=reasons or "no engine is left")

    def _order_by_speed(self) -> None:
        """Once, and where the operator has not chosen: put a graphics device behind a processor that is faster."""
        if self._ordered or self._settings.engine != "auto" or self._settings.gpu_index >= 0:
            return
        self._ordered = True
        candidates = self._all()
        graphics = [candidate for candidate in candidates if not candidate.backend.on_processor]
        processors = [candidate for candidate in candidates if candidate.backend.on_processor]
        theirs = next((candidate for candidate in graphics if self._is_usable(candidate)), None)
        ours = theirs and next((candidate for candidate in processors if self._is_usable(candidate)), None)
        if theirs is None or ours is None:
            return
        their_seconds, our_seconds = self._measured(theirs), self._measured(ours)
        if their_seconds is None or our_seconds is None:
            return
        ratio = their_seconds / our_seconds
        _log.info("%s takes %.2f times as long as %s", theirs.device.name, ratio, ours.device.name)
        if ratio > TOLERATED:
            for candidate in graphics:
                candidate.slower = f"{ratio:.1f} times as slow as {ours.backend.name} on {ours.device.name}"
            same = [candidate for candidate in processors if candidate.backend.name == ours.backend.name]
            others = [candidate for candidate in processors if candidate not in same]
            self._candidates = [*same, *graphics, *others]

    def _measured(self, candidate: _Candidate) -> float | None:
        """Return how long a window takes; None where it fails, for which the candidate goes into quarantine."""
        backend = candidate.backend
        try:
            with in_use(candidate.device, [backend.test_model], testing=True):
                return seconds_for_window(backend)
        except FAILURES as error:
            self._put_aside(backend, reason_of(error, backend.test_model), None, [backend.test_model])
            return None

    def _other_precision(self, backend: Backend) -> bool:
        """Tell whether the same device can be used in another precision."""
        return any(
            other.backend.name == backend.name
            and other.backend.precision != backend.precision
            and self._is_usable(other)
            and other.backend.device == backend.device
            for other in self._all()
        )

    def _is_usable(self, candidate: _Candidate) -> bool:
        """Look for a candidate, and test it with a small network where that was not done yet."""
        if not candidate.probed:
            self._look_for(candidate)
        if candidate.missing is not None or self.quarantine.holds(candidate.device):
            return False
        if not candidate.tested:
            candidate.tested = self._passes(candidate, [candidate.backend.test_model])
        return candidate.tested

    def _look_for(self, candidate: _Candidate) -> None:
        backend = candidate.backend
        # Before it was looked for, nothing but its name is known, and a process that ended then says no more.
        unknown = Device(backend.name, "", "")
        candidate.probed = True
        if self.quarantine.holds(unknown) and not self.quarantine.is_due(unknown):
            candidate.missing = self.quarantine.reason(unknown)
            return
        try:
            with in_use(unknown, (), testing=True):
                candidate.missing = backend.probe()
        except FAILURES as error:
            candidate.missing = f"it does not start: {error}"
        if candidate.missing is None:
            self.quarantine.lift(unknown)
        else:
            # No device or no library is nothing to warn of: most machines lack some.
            _log.info("engine %s is not available: %s", backend.name, candidate.missing)

    def _first_passing(self, candidates: Iterable[_Candidate]) -> _Candidate | None:
        """Test candidates in quarantine until one passes."""
        held = (candidate for candidate in candidates if candidate.missing is None)
        return next((candidate for candidate in held if self._test_again(candidate)), None)

    def _test_again(self, candidate: _Candidate) -> bool:
        """Test a candidate in quarantine with all that it failed with, and let it go if it passes."""
        backend, device = candidate.backend, candidate.device
        candidate.tested = False
        names = {backend.test_model, *self.quarantine.networks(device)} & MODELS.keys()
        if not self._passes(candidate, sorted(names)):
            return False
        _log.info("engine %s (%s) has passed its self-test and is used again", *device[::2])
        self.quarantine.lift(device)
        candidate.tested = True
        return True

    def _passes(self, candidate: _Candidate, names: Iterable[str]) -> bool:
        candidate.was_tested = True
        for name in names:
            try:
                _tested(candidate.backend, MODELS[name])
            except EngineUnavailable:
                raise
            except FAILURES as error:
                self._put_aside(candidate.backend, reason_of(error, name), None, [name])
                return False
        return True


def _tested(backend: Backend, model: Model) -> Network:
    """Load a network and run its self-test."""
    with in_use(backend.device_key, [model.name], testing=True):
        network = backend.load(model)
        self_test(network, backend.precision if backend.runs_networks else None)
    return network


def _note(device: Device, tile: int | None, reason: str) -> None:
    attempts.note(attempts.Attempt(device.engine, device.name, device.precision, tile, reason))
