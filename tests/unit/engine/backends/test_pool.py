from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.clock import Clock
from tests.support.engine import SpoiltModel
from upscaler.engine.backends.base import Backend, LoadedModel
from upscaler.engine.backends.lanczos import LanczosBackend
from upscaler.engine.backends.pool import CandidatePool, load_tested
from upscaler.engine.devices.attempts import AttemptLog
from upscaler.engine.devices.quarantine import FIRST_SECONDS, Device, Quarantine
from upscaler.engine.model_zoo.catalogue import MODELS, Model
from upscaler.engine.settings import EngineSettings
from upscaler.errors import OutputRejected


class Card(LanczosBackend):
    """A backend that may be missing, or give black images."""

    def __init__(self, name: str, missing: str | None = None, *, black: bool = False) -> None:
        super().__init__(EngineSettings(threads=1))
        self.name = name
        self.missing = missing
        self.black = black
        self.loads = 0

    def probe(self) -> str | None:
        if self.missing == "crash":
            raise OSError("no driver")
        return self.missing

    def load(self, model: Model) -> LoadedModel:
        self.loads += 1
        sound = super().load(model)
        return SpoiltModel(sound, lambda result: result * 0) if self.black else sound


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def left() -> list[Backend]:
    """Return the backends that were reported as put into quarantine."""
    return []


@pytest.fixture
def pool(clock: Clock, left: list[Backend]) -> Callable[..., CandidatePool]:
    return lambda *backends: CandidatePool(backends, Quarantine(clock), left.append)


def test_the_first_that_is_here_and_sound_is_used(pool, left) -> None:
    broken, sound, spare = Card("broken", black=True), Card("sound"), Card("spare")
    attempts = AttemptLog()
    candidates = pool(Card("none", "no card"), Card("crash", "crash"), broken, sound, spare)

    usable = candidates.first_usable(attempts)

    assert usable is not None
    assert usable.backend is sound
    assert left == [broken]
    assert [attempt.engine for attempt in attempts.failed] == ["broken"]
    entries = {entry["engine"]: entry["reason"] for entry in candidates.not_taken}
    assert list(entries) == ["none", "crash", "broken"]
    assert entries["none"] == "no card"
    assert entries["crash"] == "it does not start: no driver"
    assert spare.loads == 0, "those behind it are left alone"


def test_a_candidate_is_tested_once(pool) -> None:
    card = Card("card")
    candidates = pool(card)

    assert candidates.first_usable(AttemptLog()) is candidates.first_usable(AttemptLog())
    assert card.loads == 1


def test_none_is_left_where_all_fail(pool) -> None:
    assert pool(Card("none", "no card"), Card("broken", black=True)).first_usable(AttemptLog()) is None


def test_a_device_comes_back_when_its_time_is_over_and_it_passes(pool, clock) -> None:
    card, spare = Card("card", black=True), Card("spare")
    candidates = pool(card, spare)
    assert candidates.first_usable(AttemptLog()).backend is spare
    card.black = False

    assert candidates.recheck(AttemptLog()).backend is spare
    clock.now += FIRST_SECONDS

    assert candidates.recheck(AttemptLog()).backend is card


def test_the_only_device_is_tested_before_its_time(pool) -> None:
    card = Card("card")
    candidates = pool(card)
    candidates.first_usable(AttemptLog())
    candidates.put_into_quarantine(card, "device lost", 64, [card.test_model], AttemptLog())

    assert candidates.recheck(AttemptLog()).backend is card
    assert candidates.not_taken == []


def test_an_engine_that_ended_its_process_in_its_probe_is_not_probed_again(clock) -> None:
    quarantine = Quarantine(clock)
    quarantine.add(Device("card", "", ""), "the process ended with SIGSEGV")
    candidates = CandidatePool([Card("card")], quarantine, lambda _: None)

    assert candidates.first_usable(AttemptLog()) is None
    assert candidates.not_taken == [{"engine": "card", "reason": "the process ended with SIGSEGV"}]


def test_another_precision_counts_on_the_same_device_only(pool) -> None:
    full, half, elsewhere = Card("card"), Card("card"), Card("card")
    half.precision = elsewhere.precision = "fp16"
    elsewhere.device = "another card"

    assert pool(full, half).has_other_precision(full, AttemptLog())
    assert not pool(full, elsewhere).has_other_precision(full, AttemptLog())
    assert not pool(full).has_other_precision(full, AttemptLog())


def test_a_model_that_fails_its_test_is_not_given() -> None:
    model = MODELS[LanczosBackend.test_model]

    assert load_tested(Card("card"), model).model is model
    with pytest.raises(OutputRejected):
        load_tested(Card("card", black=True), model)
