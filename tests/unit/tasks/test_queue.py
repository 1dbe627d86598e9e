"""The queue over each of its storages: SQLite, and a real Redis."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from huey import PriorityRedisHuey, SqliteHuey

from config import Config, load
from tests.support.servers import redis_server
from tests.support.service import ROOT, free_port
from upscaler.errors import ServiceUnavailable
from upscaler.tasks.messages import UnknownMessageError
from upscaler.tasks.queue import HueyQueue, build_huey, declare_run_job


@pytest.fixture(params=["sqlite", "redis"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Config]:
    if request.param == "sqlite":
        yield load({"DATA_DIR": str(tmp_path)}, env_file=None)
        return
    url = request.getfixturevalue("redis_url")
    client = redis.Redis.from_url(url)
    client.flushdb()
    client.close()
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


def test_its_consumer_wakes_rarely_and_still_stops_soon(settings: Config) -> None:
    huey = build_huey(settings)
    consumer = huey.create_consumer(workers=1, periodic=False, scheduler_interval=60, max_delay=0.5)
    looks: list[float] = []
    wait = consumer.stop_flag.wait

    def counted(timeout: float | None = None) -> bool:
        if threading.current_thread() is running:
            looks.append(time.monotonic())
        return wait(timeout)

    consumer.stop_flag.wait = counted
    # Signals belong to the main thread of the tests.
    consumer._set_signal_handlers = lambda: None
    running = threading.Thread(target=consumer.run)
    running.start()
    time.sleep(1.2)
    stopped_at = time.monotonic()
    consumer.stop_flag.set()
    running.join(timeout=30)

    assert not running.is_alive()
    # One that waits for work at Redis would take what the next test enqueues.
    consumer.stop(graceful=True)
    assert 1 <= len([look for look in looks if look < stopped_at]) <= 3
    huey.storage.close()


def test_the_queue_knows_priorities(settings: Config) -> None:
    huey = build_huey(settings)
    task = declare_run_job(huey, print)

    huey.enqueue(task.s("job_later", priority=0))
    huey.enqueue(task.s("job_sooner", priority=10))

    assert isinstance(huey, PriorityRedisHuey if settings.redis_url else SqliteHuey)
    assert [huey.dequeue().args[0] for _ in range(2)] == ["job_sooner", "job_later"]
    assert huey.dequeue() is None
    huey.storage.close()


def test_many_workers_get_each_id_once(settings: Config) -> None:
    web = HueyQueue(build_huey(settings))
    ids = [f"job_{number}" for number in range(60)]
    for job_id in ids:
        web.enqueue(job_id)
    ran: list[str] = []

    def work() -> None:
        huey = build_huey(settings)
        declare_run_job(huey, ran.append)
        while (task := huey.dequeue()) is not None:
            huey.execute(task)
        huey.storage.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert sorted(ran) == sorted(ids)


def test_a_worker_connects_again_when_redis_was_restarted(tmp_path: Path) -> None:
    port = free_port()
    settings = load({"DATA_DIR": str(tmp_path), "REDIS_URL": f"redis://127.0.0.1:{port}/0"}, env_file=None)
    ran: list[str] = []
    worker = build_huey(settings)
    declare_run_job(worker, ran.append)
    consumer = worker.create_consumer(max_delay=0.2)
    web = HueyQueue(build_huey(settings))

    def wait_for(*ids: str) -> None:
        deadline = time.monotonic() + 60
        while ran != list(ids):
            assert time.monotonic() < deadline, ran
            time.sleep(0.05)

    with redis_server(tmp_path, port):
        consumer.start()
        web.enqueue("job_1")
        wait_for("job_1")
    with pytest.raises(ServiceUnavailable):
        web.enqueue("job_2")
    with redis_server(tmp_path, port):
        web.enqueue("job_3")
        wait_for("job_1", "job_3")
        consumer.stop(graceful=True)


def test_the_sqlite_queue_needs_no_redis_library(tmp_path: Path) -> None:
    program = """
import sys
sys.modules["redis"] = None
from config import load
from upscaler.tasks.messages import UnknownMessageError
from upscaler.tasks.queue import HueyQueue, build_huey
queue = HueyQueue(build_huey(load(env_file=None)))
queue.enqueue("job_1")
print(queue.pending())
from upscaler import create_app
print(create_app(load(env_file=None)).test_client().get("/static/public/js/main.js").status_code)
"""
    values = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path)}

    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=values,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["1", "200"]


def test_a_queue_that_is_down_says_so(tmp_path: Path) -> None:
    queue = HueyQueue(
        build_huey(load({"DATA_DIR": str(tmp_path), "REDIS_URL": "redis://127.0.0.1:1/0"}, env_file=None))
    )

    with pytest.raises(ServiceUnavailable):
        queue.enqueue("job_1")
    with pytest.raises(ServiceUnavailable):
        queue.pending()


def test_what_somebody_else_wrote_into_the_queue_is_passed_over_and_never_run(settings: Config) -> None:
    huey = build_huey(settings)
    ran: list[str] = []
    task = declare_run_job(huey, ran.append)
    planted = settings.data_dir / "planted"
    huey.storage.enqueue(pickle.dumps(Planted(planted)), 9)
    huey.storage.enqueue(b'{"job_id": "job_1", "on_complete": 1}', 8)
    HueyQueue(huey, task).enqueue("job_1")

    for _ in range(2):
        with pytest.raises(UnknownMessageError):
            huey.dequeue()
    huey.execute(huey.dequeue())

    assert ran == ["job_1"]
    assert not planted.exists()
    huey.storage.close()


class Planted:
    """Makes a folder where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self._path),)
