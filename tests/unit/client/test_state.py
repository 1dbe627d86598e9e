from __future__ import annotations

import pytest

from upscaler.client import Batch, Job
from upscaler.client.state import State


@pytest.mark.parametrize("kind", [Job, Batch])
@pytest.mark.parametrize(
    ("status", "ended", "completed"),
    [
        ("queued", False, False),
        ("running", False, False),
        ("completed", True, True),
        ("partly_failed", True, False),
        ("failed", True, False),
        ("canceled", True, False),
    ],
)
def test_the_status_says_whether_it_ended_and_has_a_result(
    kind: type[State], status: str, ended: bool, completed: bool
) -> None:
    state = kind({"id": "some_1", "status": status})

    assert (state.ended, state.completed) == (ended, completed)


def test_states_are_compared_by_what_they_hold() -> None:
    data = {"id": "job_1", "status": "queued", "progress": 7, "result_file": "http://127.0.0.1/a"}

    assert Job(data) == Job(dict(data)) != Batch(data)
    assert (Job(data).progress, Job(data).result_url) == (7, "http://127.0.0.1/a")
    assert repr(Job(data)).startswith("Job(data={")
