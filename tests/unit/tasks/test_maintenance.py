from __future__ import annotations

import threading

import pytest
from sqlalchemy.exc import OperationalError

from upscaler.errors import StorageUnavailable
from upscaler.tasks import maintenance
from upscaler.tasks.maintenance import MaintenanceThread


@pytest.mark.parametrize(
    "failure",
    [StorageUnavailable(), OperationalError("SELECT 1", {}, Exception("gone")), ValueError("a defect")],
)
def test_one_task_that_fails_keeps_none_of_the_others_from_running(
    failure: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "ROUND_SECONDS", 0.01)
    done, failed = threading.Semaphore(0), threading.Semaphore(0)

    def fail() -> None:
        failed.release()
        raise failure

    thread = MaintenanceThread({"broken": fail, "whole": done.release})
    thread.start()

    assert all(failed.acquire(timeout=30) and done.acquire(timeout=30) for _ in range(3)), "again and again"
    thread.stop()


def test_a_thread_that_never_started_can_be_stopped() -> None:
    MaintenanceThread({"never": lambda: None}).stop()
