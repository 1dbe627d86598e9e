"""Fifty clients send images as fast as they can: none is lost, none is refused, and states are reported quickly."""

from __future__ import annotations

import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from sqlalchemy import func, select

from tests.support import chaos
from tests.support.chaos import Deployment
from tests.support.load import image
from tests.support.polls import Polls
from tests.support.service import LiveService
from upscaler.models import Job

CLIENTS = 50
IMAGES, IMAGES_IN_FULL = 150, 10_000
# Longer side in pixels: the submissions are under test here.
SIDE = 16
# Every so many images one is sent a second time with its key, as by a client that got no answer.
REPEATED = 10
SETTINGS = {
    **{"RATE_LIMIT": "off", "POLL_RATE_LIMIT": "off", "QUEUE_LIMIT": "100000"},
    **{"ENGINE": "lanczos", "LOG_LEVEL": "WARNING"},
}
# Longer than any machine needs for one answer: this ends a test that hangs.
PATIENCE_SECONDS = 300
END_SECONDS = 1800


@pytest.mark.timeout(3600)
def test_a_crowd_loses_nothing(
    tmp_path: Path, full: bool, sweep_seconds: float, report: Callable[[str], None]
) -> None:
    count = IMAGES_IN_FULL if full else IMAGES
    service = LiveService(tmp_path, SETTINGS)
    service.start()
    files = tmp_path / "files"
    database_uri = f"sqlite:///{tmp_path / 'app.db'}"
    deployment = Deployment(
        [service.url], database_uri, lambda: chaos.local_keys(files), [tmp_path / "scratch"]
    )
    crowd = Crowd(service.url)
    try:
        begun = time.monotonic()
        with (
            Polls(service.url, crowd.send(uuid.uuid4().hex)) as polls,
            ThreadPoolExecutor(CLIENTS) as clients,
        ):
            job_ids = list(clients.map(crowd.send_as_clients_do, range(count)))
        sent = time.monotonic() - begun
        deployment.wait_until_idle(END_SECONDS)
        done = time.monotonic() - begun
        census = chaos.settled_census(deployment, job_ids, sweep_seconds)
        with deployment.database.connect() as connection:
            rows = connection.scalar(select(func.count()).select_from(Job))
    finally:
        deployment.database.dispose()
        service.stop()

    answers = dict(Counter(crowd.statuses))
    report(
        f"{count} images of {CLIENTS} clients in {sent:.1f} s, {count / sent:.1f} a second; answers {answers}"
    )
    report(f"submissions took {chaos.spread(crowd.seconds)}; polls meanwhile {chaos.spread(polls.seconds)}")
    report(f"all completed {done:.1f} s after the first was sent: {census}")
    assert set(answers) == {202}, answers
    assert set(polls.statuses) == {200}
    assert len(set(job_ids)) == count
    assert rows == count + 1
    chaos.assert_nothing_lost(census)


class Crowd:
    """Sends images from many threads, each with a connection of its own that it keeps.

    Attributes:
        statuses: of each answer.
        seconds: how long each answer took.
    """

    def __init__(self, url: str) -> None:
        self.statuses: list[int] = []
        self.seconds: list[float] = []
        self._address = f"{url}/api/v1/uploads"
        self._image = image(SIDE)
        self._own = threading.local()

    def send_as_clients_do(self, number: int) -> str:
        """Send an image, some of them twice; return the id of its job."""
        key = uuid.uuid4().hex
        job_id = self.send(key)
        if number % REPEATED == 0:
            assert self.send(key) == job_id
        return job_id

    def send(self, key: str) -> str:
        """Send an image with a key; return the id of its job, or the answer's text where it was refused."""
        if not hasattr(self._own, "session"):
            self._own.session = requests.Session()
        begun = time.monotonic()
        answer = self._own.session.post(
            self._address,
            files={"file": ("tiny.png", self._image)},
            data={"factor": "2x"},
            headers={"Idempotency-Key": key},
            timeout=PATIENCE_SECONDS,
        )
        self.seconds.append(time.monotonic() - begun)
        self.statuses.append(answer.status_code)
        return str(answer.json()["job_id"]) if answer.status_code == 202 else answer.text
