from __future__ import annotations

import pytest

from tests.support.clock import Clock
from upscaler.engine.devices.quarantine import Device, Quarantine

GPU = Device("ncnn", "Some GPU", "fp16")
# 2025-12-07T12:34:56Z
START = 1_765_110_896.0


@pytest.fixture
def clock() -> Clock:
    return Clock(START)


def test_a_device_is_shown_with_reason_and_times(clock: Clock) -> None:
    quarantine = Quarantine(clock)

    quarantine.add(GPU, "it is black", ["realesrgan-x4plus"])

    assert quarantine.holds(GPU)
    assert not quarantine.holds(GPU._replace(precision="fp32"))
    assert quarantine.models(GPU) == {"realesrgan-x4plus"}
    assert quarantine.as_list() == [
        {
            "engine": "ncnn",
            "device": "Some GPU",
            "precision": "fp16",
            "reason": "it is black",
            "quarantined_at": "2025-12-07T12:34:56Z",
            "next_test_at": "2025-12-07T12:44:56Z",
            "failures": 1,
            "models": ["realesrgan-x4plus"],
        }
    ]


def test_another_process_goes_on_with_what_was_held(clock: Clock) -> None:
    quarantine = Quarantine(clock)
    quarantine.add(GPU, "it is black", ["realesrgan-x4plus"])
    quarantine.add(GPU._replace(precision="fp32"), "it is white")
    quarantine.lift(GPU._replace(precision="fp32"))
    clock.now += 600
    quarantine.add(GPU, "still black", ["waifu2x-cunet"])

    other = Quarantine.restored(quarantine.as_list())

    assert other.as_list() == quarantine.as_list()
    assert other.holds(GPU)
    assert not other.holds(GPU._replace(precision="fp32"))
    assert other.reason(GPU) == "still black"
    assert other.reason(GPU._replace(precision="fp32")) is None
    other.add(GPU, "black once more")
    assert other.as_list()[0]["failures"] == 3
    assert other.as_list()[0]["quarantined_at"] == "2025-12-07T12:34:56Z"


def test_the_waits_double_up_to_a_day(clock: Clock) -> None:
    quarantine = Quarantine(clock)
    waits = []

    for _ in range(10):
        quarantine.add(GPU, "still black")
        assert not quarantine.is_due(GPU)
        start = clock.now
        while not quarantine.is_due(GPU):
            clock.now += 600
        waits.append(clock.now - start)

    assert waits == [600, 1200, 2400, 4800, 9600, 19_200, 38_400, 76_800, 86_400, 86_400]
    assert quarantine.as_list()[0]["quarantined_at"] == "2025-12-07T12:34:56Z"


def test_a_device_that_passed_is_let_go_but_its_failures_are_remembered_for_a_day(clock: Clock) -> None:
    quarantine = Quarantine(clock)
    quarantine.add(GPU, "it is black", ["realesrgan-x4plus"])
    clock.now += 600

    quarantine.lift(GPU)

    assert not quarantine.holds(GPU)
    assert quarantine.as_list() == []
    assert quarantine.models(GPU) == frozenset()
    quarantine.add(GPU, "black again")
    clock.now += 601
    assert not quarantine.is_due(GPU)
    clock.now += 600
    assert quarantine.is_due(GPU)

    quarantine.lift(GPU)
    clock.now += 86_401
    quarantine.add(GPU, "once more")
    clock.now += 600
    assert quarantine.is_due(GPU)


def test_a_device_that_never_failed_is_free(clock: Clock) -> None:
    quarantine = Quarantine(clock)

    quarantine.lift(GPU)

    assert not quarantine.holds(GPU)
    assert not quarantine.is_due(GPU)
    assert quarantine.models(GPU) == frozenset()
