from __future__ import annotations

import pytest

from tests.support.scripted import says
from upscaler.client import Client, WaitTimeout

RUNNING = {"id": "job_1", "status": "running", "progress": 40}
COMPLETED = {**RUNNING, "status": "completed", "progress": 100, "result_file": "http://127.0.0.1/never"}


def test_a_wait_lets_the_service_hold_the_answer(script, pauses):
    server = script(says(200, RUNNING, Retry_After="2"), says(200, COMPLETED))
    with Client(server.url) as client:
        assert client.wait("job_1").completed
    assert [request.headers["Prefer"] for request in server.requests] == ["wait=20"] * 2


def test_progress_is_reported_between_polls_at_the_services_pace(script, pauses):
    server = script(says(200, RUNNING, Retry_After="2"), says(200, RUNNING), says(200, COMPLETED))
    seen: list[int] = []
    with Client(server.url) as client:
        client.wait("job_1", on_progress=lambda job: seen.append(job.progress))
    assert seen == [40, 40, 100]
    assert "Prefer" not in server.requests[0].headers
    assert pauses == [pytest.approx(2, abs=1.5), pytest.approx(1, abs=1)]


def test_a_wait_obeys_when_it_asks_too_often(script, pauses):
    slower = says(429, {"code": "rate_limited", "detail": "Slower."}, Retry_After="9")
    server = script(slower, says(200, COMPLETED))
    with Client(server.url) as client:
        assert client.wait("job_1").completed
    assert pauses == [9.0]


def test_a_wait_ends_in_time(script, pauses):
    server = script(says(200, RUNNING, Retry_After="5"))
    with (
        Client(server.url) as client,
        pytest.raises(WaitTimeout, match="job_1 has not ended after 3 seconds"),
    ):
        client.wait("job_1", timeout_seconds=3)
    assert server.requests[0].headers["Prefer"] in {"wait=1", "wait=2"}
