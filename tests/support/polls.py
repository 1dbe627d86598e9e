"""A visitor who polls a job, and the seconds that each poll took."""

from __future__ import annotations

import threading
import time

import requests

from tests.support.load import ANSWER_SECONDS, CONNECT_SECONDS

LOOK_SECONDS = 0.1


class Polls:
    """Asks for one job until the end of the block.

    Attributes:
        seconds: how long each answer took.
        statuses: of each answer, 0 for none.
    """

    def __init__(self, url: str, job_id: str) -> None:
        self.seconds: list[float] = []
        self.statuses: list[int] = []
        self._address = f"{url}/api/v1/jobs/{job_id}"
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._ask_on, name="polls", daemon=True)

    def __enter__(self) -> Polls:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _ask_on(self) -> None:
        with requests.Session() as session:
            while True:
                begun = time.monotonic()
                try:
                    status = session.get(self._address, timeout=(CONNECT_SECONDS, ANSWER_SECONDS)).status_code
                except requests.RequestException:
                    status = 0
                self.seconds.append(time.monotonic() - begun)
                self.statuses.append(status)
                if self._stopping.wait(LOOK_SECONDS):
                    return
