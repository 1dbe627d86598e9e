"""Many images of one account do not keep the next visitor waiting, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.support.photographs import save_photograph
from tests.support.service import ADMIN, LiveService

QUEUED = 12


@pytest.fixture
def service(tmp_path: Path) -> Iterator[LiveService]:
    """A service of its own: what other tests send would take turns, too."""
    limits = dict.fromkeys(("RATE_LIMIT", "ACCOUNT_RATE_LIMIT", "POLL_RATE_LIMIT"), "off")
    (tmp_path / "data").mkdir()
    service = LiveService(tmp_path / "data", {**limits, "ENGINE": "lanczos"})
    service.start()
    yield service
    service.stop()


def test_a_visitor_is_served_before_what_one_account_has_queued(service: LiveService, tmp_path: Path) -> None:
    large = save_photograph("astronaut", tmp_path / "large.jpg", side=512)
    small = save_photograph("coffee", tmp_path / "small.jpg", side=32)
    login = {"username": ADMIN[0], "password": ADMIN[1]}
    token = requests.post(f"{service.url}/api/v1/auth/login", json=login, timeout=60).json()["access_token"]
    with service.client(token) as account, service.client() as visitor:

        def waiting() -> int:
            return len(list(account.jobs(status="queued")))

        # The worker begins with some of them meanwhile.
        while waiting() < QUEUED:
            account.upload(large, factor="8x")
        before = waiting()

        job = visitor.wait(visitor.upload(small, factor="2x").id)

        assert job.completed, job
        # At most one that was begun before the visitor's, and one begun by now after it.
        assert before - waiting() <= 2
