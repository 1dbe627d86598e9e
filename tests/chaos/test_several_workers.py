"""Several workers of one host, as where it has several GPUs: each works on an image of its own."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import requests

from tests.support.load import image
from tests.support.service import JOB_SECONDS, START_SECONDS, LiveService
from tests.support.worker_host import consumers


def test_they_work_at_once_and_each_is_started_again_when_it_dies(tmp_path: Path) -> None:
    service = LiveService(tmp_path, {"ENGINE": "openvino", "WORKERS": "2", "RATE_LIMIT": "off"})
    service.start()
    try:
        wait_for_workers(service, 2)
        assert {path.name for path in (tmp_path / "logs").glob("worker*.log")} == {
            "worker.log",
            "worker-2.log",
        }
        working = workers_that_work_together(service)
        assert len(working) == 2

        victim = consumers(service.family())[1]
        victim.kill()
        victim.wait()
        wait_for_workers(service, 2, without=victim.pid)
        assert "The worker 2 process ended (SIGKILL)" in (tmp_path / "stderr.txt").read_text()
    finally:
        service.stop()


def workers_that_work_together(service: LiveService) -> set[str]:
    """Send images until two are worked on at the same moment, and return who does so."""
    path = service.data_dir / "coffee.png"
    path.write_bytes(image(600))
    deadline = time.monotonic() + JOB_SECONDS
    while time.monotonic() < deadline:
        for _ in range(4):
            assert service.upload(path, factor="2x").status_code == 202
        for _ in range(40):
            found = rows(service, "SELECT worker_id FROM jobs WHERE status = 'running'")
            if len(found) == 2:
                return found
            time.sleep(0.1)
    raise AssertionError("never two at once")


def wait_for_workers(service: LiveService, count: int, without: int = 0) -> None:
    """Wait until so many are registered, none of which is the process ``without``."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        health = requests.get(f"{service.url}/api/v1/health", timeout=30).json()
        pids = rows(
            service,
            f"SELECT pid FROM workers ORDER BY last_heartbeat_at DESC LIMIT {count}",  # noqa: S608 - a number
        )
        if health["workers_online"] >= count and without not in pids and len(pids) == count:
            return
        time.sleep(0.2)
    raise AssertionError(f"{count} workers did not register")


def rows(service: LiveService, query: str) -> set[str]:
    """Return the first column of what the database says."""
    with closing(sqlite3.connect(service.data_dir / "app.db")) as database:
        return {row[0] for row in database.execute(query)}
