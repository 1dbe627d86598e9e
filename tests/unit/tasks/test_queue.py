"""The queue over each of its storages: SQLite, and a real Redis."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from config import Config, load
from tests.support.servers import redis_server
from upscaler.errors import ServiceUnavailable
from upscaler.tasks.queue import HueyQueue, build_huey, declare_run_job


@pytest.fixture(params=["sqlite", "redis"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Config]:
    if request.param == "sqlite":
        yield load({"DATA_DIR": str(tmp_path)}, env_file=None)
        return
    with redis_server(tmp_path) as url:
        yield load({"DATA_DIR": str(tmp_path), "REDIS_URL": url}, env_file=None)


def test_what_a_web_process_enqueues_a_worker_runs(settings: Config) -> None:
    web = HueyQueue(build_huey(settings))
    ran: list[str] = []
    worker = build_huey(settings)
    declare_run_job(worker, ran.append)

    web.enqueue("job_1")
    web.enqueue("job_2")
    assert web.pending() == 2

    while (task := worker.dequeue()) is not None:
        worker.execute(task)
    assert ran == ["job_1", "job_2"]
    assert web.pending() == 0
    worker.storage.close()


def test_a_queue_that_is_down_says_so(tmp_path: Path) -> None:
    queue = HueyQueue(
        build_huey(load({"DATA_DIR": str(tmp_path), "REDIS_URL": "redis://127.0.0.1:1/0"}, env_file=None))
    )

    with pytest.raises(ServiceUnavailable):
        queue.enqueue("job_1")
    with pytest.raises(ServiceUnavailable):
        queue.pending()
