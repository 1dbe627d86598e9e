"""Several inspectors: a slow file holds up nobody, and files that wait are few."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from upscaler.engine.process.inspector import Inspector
from upscaler.engine.process.inspector_pool import InspectorPool, inspectors_for
from upscaler.errors import ServiceBusy


class Asking(threading.Thread):
    """One inspection in a thread of its own; its error, and when it ended."""

    def __init__(self, pool, path, limits) -> None:
        super().__init__()
        self.error: Exception | None = None
        self._ask = lambda: pool.inspect(path, limits)
        self.start()

    def run(self) -> None:
        try:
            self._ask()
        except Exception as error:  # noqa: BLE001 - the test looks at it
            self.error = error


@pytest.fixture
def members(tmp_path):
    inspectors = [Inspector(tmp_path, timeout_seconds=3), Inspector(tmp_path, timeout_seconds=3)]
    yield inspectors
    for inspector in inspectors:
        inspector.close()


def test_a_file_that_takes_its_time_holds_up_no_other(members, limits, save, colours):
    pool, path = InspectorPool(members), save("a.png", colours(30, 20))
    pool.inspect(path, limits)
    assert members[1].pid is None, "one process is enough for one file at a time"
    os.kill(members[0].pid, signal.SIGSTOP)
    slow = Asking(pool, path, limits)
    time.sleep(0.2)
    begun = time.monotonic()
    assert pool.inspect(path, limits).width == 30
    assert time.monotonic() - begun < 3
    slow.join()
    assert isinstance(slow.error, ServiceBusy)
    assert pool.inspect(path, limits).width == 30
    pool.close()


def test_who_comes_when_enough_wait_is_told_at_once(members, limits, save, colours):
    pool, path = InspectorPool(members[:1], waiting=1), save("a.png", colours(30, 20))
    pool.inspect(path, limits)
    os.kill(members[0].pid, signal.SIGSTOP)
    at_work = Asking(pool, path, limits)
    time.sleep(0.2)
    waiting = Asking(pool, path, limits)
    time.sleep(0.2)
    begun = time.monotonic()
    with pytest.raises(ServiceBusy):
        pool.inspect(path, limits)
    assert time.monotonic() - begun < 1
    at_work.join()
    waiting.join()
    assert isinstance(at_work.error, ServiceBusy)
    assert waiting.error is None, "its turn came when the other was given up"


def test_nobody_waits_for_ever(members, limits, save, colours):
    pool, path = InspectorPool(members[:1], wait_seconds=0.3), save("a.png", colours(30, 20))
    pool.inspect(path, limits)
    os.kill(members[0].pid, signal.SIGSTOP)
    at_work = Asking(pool, path, limits)
    time.sleep(0.2)
    with pytest.raises(ServiceBusy):
        pool.inspect(path, limits)
    at_work.join()


def test_there_are_at_least_two(monkeypatch, tmp_path):
    monkeypatch.setattr("upscaler.engine.process.inspector_pool.available_threads", lambda: 1)
    assert len(inspectors_for(tmp_path)) == 2
    monkeypatch.setattr("upscaler.engine.process.inspector_pool.available_threads", lambda: 64)
    assert len(inspectors_for(tmp_path)) == 4
