from __future__ import annotations

import pytest

from upscaler.client.job import Job


def test_a_new_job_has_only_its_first_fields() -> None:
    job = Job({"id": "job_1", "status": "queued"})

    assert (job.id, job.progress, job.result_url, job.error) == ("job_1", 0, None, None)


@pytest.mark.parametrize(
    ("status", "ended", "completed"),
    [
        ("queued", False, False),
        ("running", False, False),
        ("completed", True, True),
        ("failed", True, False),
        ("canceled", True, False),
    ],
)
def test_the_status_says_whether_it_ended_and_has_a_result(status: str, ended: bool, completed: bool) -> None:
    job = Job({"id": "job_1", "status": status})

    assert (job.ended, job.completed) == (ended, completed)
