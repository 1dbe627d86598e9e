from __future__ import annotations

import pytest

from upscaler.models import Job, JobStatus
from upscaler.models.job import ENDED, TRANSITIONS, Priority, callback_url_of, public_params


def test_what_has_ended_changes_no_more_and_all_else_may_end() -> None:
    assert {status for status, following in TRANSITIONS.items() if not following} == ENDED
    assert {status for status in JobStatus if status.ended} == ENDED
    assert all(JobStatus.CANCELED in TRANSITIONS[status] for status in JobStatus if not status.ended)


@pytest.mark.parametrize("url", [None, "https://hooks.example.org/?key=hidden"])
def test_the_url_of_the_webhook_is_for_no_one_else(url: str | None) -> None:
    params = {"factor": "2x", **({"callback_url": url} if url else {})}

    assert callback_url_of(params) == url
    assert public_params(params) == {"factor": "2x"}
    assert Job(params=params).callback_url == url
    assert Job(params=params).public_params == {"factor": "2x"}


def test_single_images_go_before_those_of_batches() -> None:
    assert Priority.NORMAL > Priority.BATCH
    assert [priority.label for priority in Priority] == ["batch", "normal"]
