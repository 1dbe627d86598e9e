"""Clients that send images as long as a test lasts, and what they were answered."""

from __future__ import annotations

import io
import itertools
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import requests

from tests.support.photographs import photograph
from tests.support.service import JOB_SECONDS

# How long a client waits for a connection, and how long for an answer, before it asks elsewhere, in seconds.
CONNECT_SECONDS = 3.0
ANSWER_SECONDS = 30.0
# How long a client waits between two images, in seconds.
PAUSE_SECONDS = 0.1
# How long a client waits before it sends an image again that was refused, in seconds.
PAUSE_AFTER_REFUSAL = 0.3


def image(side: int = 64) -> bytes:
    """Return a photograph as a PNG file, its longer side in pixels."""
    file = io.BytesIO()
    photograph("coffee", side).save(file, "PNG")
    return file.getvalue()


@dataclass(frozen=True)
class Answer:
    """Response to a client: the status (0 for no answer), the kind of body, and after how many seconds."""

    status: int
    content_type: str
    code: str
    seconds: float
    begun_at: float


class Load:
    """Clients that send an image again and again, each time until it is accepted, with a key of its own.

    ``most_waiting`` is how many jobs may wait before they pause, and what counts them.

    Attributes:
        accepted: ids of jobs by key.
        answers: every answer, in the order of arrival.
        given_up: keys that had no final answer when the stream was stopped; each may have become a job or not.
    """

    def __init__(
        self,
        urls: Sequence[str],
        image: bytes,
        *,
        clients: int = 2,
        pause_seconds: float = PAUSE_SECONDS,
        answer_seconds: float = ANSWER_SECONDS,
        most_waiting: tuple[int, Callable[[], int]] | None = None,
    ) -> None:
        self.accepted: dict[str, str] = {}
        self.answers: list[Answer] = []
        self.given_up: set[str] = set()
        self._urls = urls
        self._image = image
        self._pause_seconds = pause_seconds
        self._patience = (CONNECT_SECONDS, answer_seconds)
        self._most_waiting = most_waiting
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._send_on, args=(number,), name=f"client-{number}", daemon=True)
            for number in range(clients)
        ]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Send nothing more; what is on its way is waited for."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, more: int, seconds: float = JOB_SECONDS) -> None:
        """Wait until so many more images are accepted."""
        wanted, deadline = len(self.accepted) + more, time.monotonic() + seconds
        while len(self.accepted) < wanted:
            assert time.monotonic() < deadline, Counter(answer.status for answer in self.answers)
            time.sleep(0.05)

    def _send_on(self, number: int) -> None:
        urls = itertools.cycle(
            [*self._urls[number % len(self._urls) :], *self._urls[: number % len(self._urls)]]
        )
        url = next(urls)
        with requests.Session() as session:
            while not self._stopping.is_set():
                if not self._has_room():
                    self._stopping.wait(self._pause_seconds)
                    continue
                key = uuid.uuid4().hex
                while (job_id := self._send(session, url, key)) is None:
                    url = next(urls)
                    if self._stopping.wait(PAUSE_AFTER_REFUSAL):
                        self.given_up.add(key)
                        return
                self.accepted[key] = job_id
                self._stopping.wait(self._pause_seconds)

    def _has_room(self) -> bool:
        if self._most_waiting is None:
            return True
        most, count = self._most_waiting
        return count() < most

    def _send(self, session: requests.Session, url: str, key: str) -> str | None:
        begun_at = time.monotonic()
        try:
            answer = session.post(
                f"{url}/api/v1/uploads",
                files={"file": ("coffee.png", self._image)},
                data={"factor": "2x"},
                headers={"Idempotency-Key": key},
                timeout=self._patience,
            )
            kind = answer.headers.get("Content-Type", "")
            body = answer.json() if "json" in kind else {}
        except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError):
            self.answers.append(Answer(0, "", "", time.monotonic() - begun_at, begun_at))
            return None
        taken = time.monotonic() - begun_at
        self.answers.append(Answer(answer.status_code, kind, body.get("code", ""), taken, begun_at))
        return str(body["job_id"]) if answer.status_code == 202 else None
