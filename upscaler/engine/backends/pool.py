"""The candidates of a selection: which of them exist here, pass their self-test, or are in quarantine."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence

from upscaler.engine.backends.base import Backend, LoadedModel
from upscaler.engine.backends.self_test import self_test
from upscaler.engine.devices.activity import in_use
from upscaler.engine.devices.attempts import AttemptLog
from upscaler.engine.devices.failures import FAILURES, reason_of
from upscaler.engine.devices.quarantine import Device, Quarantine
from upscaler.engine.model_zoo.catalogue import MODELS, Model
from upscaler.errors import EngineUnavailable

_log = logging.getLogger(__name__)


class Candidate:
    """A backend and the state of its tests.

    Attributes:
        backend: the backend.
        probed: whether it was probed.
        missing: why it cannot run here; None where it can, or was not probed.
        passed: whether it has passed its self-test.
        was_tested: whether it was tested at all in this process.
        slower: why another one is taken although this one works.

    """

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.probed = False
        self.missing: str | None = None
        self.passed = False
        self.was_tested = False
        self.slower: str | None = None

    @property
    def device(self) -> Device:
        """The device that goes into quarantine when it fails."""
        return self.backend.device_key


class CandidatePool:
    """Candidates, best first, each probed and tested when it is first considered. One thread at a time may use it.

    Args:
        backends: best first.
        quarantine: may be shared with other pools.
        on_quarantine: is called with each backend that is put into quarantine.
    """

    def __init__(
        self, backends: Sequence[Backend], quarantine: Quarantine, on_quarantine: Callable[[Backend], None]
    ) -> None:
        self.candidates = [Candidate(backend) for backend in backends]
        self._quarantine = quarantine
        self._on_quarantine = on_quarantine

    def __iter__(self) -> Iterator[Candidate]:
        return iter(self.candidates)

    @property
    def not_taken(self) -> list[dict[str, str]]:
        """The candidates that are not used, best first, as JSON-ready values: ``engine`` and ``reason``."""
        entries: list[dict[str, str]] = []
        for candidate in self.candidates:
            reason = candidate.missing
            if reason is None and candidate.probed:
                reason = self._quarantine.reason(candidate.device)
            if reason is None:
                reason = candidate.slower
            entry = {"engine": candidate.backend.name, "reason": reason or ""}
            if reason is not None and entry not in entries:
                entries.append(entry)
        return entries

    def first_usable(self, attempts: AttemptLog) -> Candidate | None:
        """Return the first candidate that can be used; None where all are missing or in quarantine.

        Those in quarantine that this process has not tested get a test first: another process may have put them there
        because of an image.
        """
        usable = next((candidate for candidate in self if self.is_usable(candidate, attempts)), None)
        if usable is not None:
            return usable
        return self._first_passing([one for one in self if not one.was_tested], attempts)

    def is_usable(self, candidate: Candidate, attempts: AttemptLog) -> bool:
        """Return whether a candidate can be used; probe it and run its self-test where that was not done yet."""
        if not candidate.probed:
            self._probe(candidate)
        if candidate.missing is not None or self._quarantine.holds(candidate.device):
            return False
        if not candidate.passed:
            candidate.passed = self._passes(candidate, [candidate.backend.test_model], attempts)
        return candidate.passed

    def processors(self) -> list[Candidate]:
        """Return the candidates on processors that exist here, whether they are in quarantine or not."""
        found = [candidate for candidate in self if candidate.backend.on_processor]
        for candidate in found:
            if not candidate.probed:
                self._probe(candidate)
        return [candidate for candidate in found if candidate.missing is None]

    def has_other_precision(self, backend: Backend, attempts: AttemptLog) -> bool:
        """Return whether the same device can be used in another precision."""
        return any(
            other.backend.name == backend.name
            and other.backend.precision != backend.precision
            and self.is_usable(other, attempts)
            and other.backend.device == backend.device
            for other in self
        )

    def recheck(self, attempts: AttemptLog) -> Candidate | None:
        """Test the devices whose time in quarantine is over, or all of them where no other is left.

        Returns the best candidate that can be used, of those that were probed before; None where there is none.
        """
        known = [candidate for candidate in self if candidate.probed]
        for candidate in known:
            if candidate.missing is None and self._quarantine.is_due(candidate.device):
                self._retest(candidate, attempts)
        if known and not any(self.is_usable(candidate, attempts) for candidate in self):
            self._first_passing(known, attempts)
        return next((candidate for candidate in known if self.is_usable(candidate, attempts)), None)

    def put_into_quarantine(
        self, backend: Backend, reason: str, tile: int | None, models: Iterable[str], attempts: AttemptLog
    ) -> None:
        """Put a backend's device into quarantine, and note the failed attempt.

        ``tile`` is the side of its tiles' cores in input pixels, None where it failed before an image;
        ``models`` are the names of those that it ran.
        """
        device = backend.device_key
        _log.warning("engine %s (%s) is in quarantine: %s", *device[::2], reason)
        attempts.note(device, tile, reason)
        self._quarantine.add(device, reason, models)
        self._on_quarantine(backend)

    def _probe(self, candidate: Candidate) -> None:
        backend = candidate.backend
        # Before a probe only the name is known, and a process that ended during the probe reported no more.
        unknown = Device(backend.name, "", "")
        candidate.probed = True
        if self._quarantine.holds(unknown) and not self._quarantine.is_due(unknown):
            candidate.missing = self._quarantine.reason(unknown)
            return
        try:
            with in_use(unknown, (), testing=True):
                candidate.missing = backend.probe()
        except FAILURES as error:
            candidate.missing = f"it does not start: {error}"
        if candidate.missing is None:
            self._quarantine.lift(unknown)
        else:
            # A missing device or library deserves no warning: most machines lack some.
            _log.info("engine %s is not available: %s", backend.name, candidate.missing)

    def _first_passing(self, candidates: Iterable[Candidate], attempts: AttemptLog) -> Candidate | None:
        """Test candidates in quarantine until one passes."""
        present = (candidate for candidate in candidates if candidate.missing is None)
        return next((candidate for candidate in present if self._retest(candidate, attempts)), None)

    def _retest(self, candidate: Candidate, attempts: AttemptLog) -> bool:
        """Test a candidate in quarantine with each model that it failed with, and release it if it passes."""
        backend, device = candidate.backend, candidate.device
        candidate.passed = False
        names = {backend.test_model, *self._quarantine.models(device)} & MODELS.keys()
        if not self._passes(candidate, sorted(names), attempts):
            return False
        _log.info("engine %s (%s) has passed its self-test and is used again", *device[::2])
        self._quarantine.lift(device)
        candidate.passed = True
        return True

    def _passes(self, candidate: Candidate, names: Iterable[str], attempts: AttemptLog) -> bool:
        candidate.was_tested = True
        for name in names:
            try:
                load_tested(candidate.backend, MODELS[name])
            except EngineUnavailable:
                raise
            except FAILURES as error:
                self.put_into_quarantine(candidate.backend, reason_of(error, name), None, [name], attempts)
                return False
        return True


def load_tested(backend: Backend, model: Model) -> LoadedModel:
    """Load a model and run its self-test; raise ``EngineUnavailable`` or one of ``FAILURES``."""
    with in_use(backend.device_key, [model.name], testing=True):
        loaded = backend.load(model)
        self_test(loaded, backend.precision if backend.runs_models else None)
    return loaded
