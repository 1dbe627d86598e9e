from __future__ import annotations

import re
from typing import Any

import pytest
from flask_babel import force_locale
from sqlalchemy.orm import Session

from tests import factories
from tests.support.strict_schemas import misfits
from upscaler.models import Job, JobStatus
from upscaler.views.api.schemas.jobs import AcceptedJobSchema, JobSchema, JobSummarySchema
from upscaler.views.api.serializers.jobs import (
    LOG_TAIL,
    accepted_job,
    job_error,
    job_status,
    job_summary,
)

ENDED = {"started_at", "finished_at", "duration_seconds", "estimated_seconds"}
# What a job shows in each state, of all that may be null; no worker is online.
GIVEN = {
    JobStatus.QUEUED: {"queue_position", "status_reason"},
    JobStatus.RUNNING: {"worker_id", "started_at", "status_reason"},
    JobStatus.COMPLETED: ENDED
    | {"device", "result", "receipt", "result_file", "preview_file", "original_preview_file"},
    JobStatus.FAILED: ENDED | {"error"},
    JobStatus.CANCELED: ENDED,
}


def job_in(session: Session, status: JobStatus, **values: Any) -> Job:
    return factories.new_job(session, **{**factories.job_columns(status), **values})


@pytest.mark.parametrize("status", JobStatus)
def test_a_job_in_any_state_fits_its_schemas(session: Session, status: JobStatus) -> None:
    job = job_in(session, status)
    factories.new_job_log(session, job)

    shown = job_status(job)

    assert misfits(JobSchema(), shown) == []
    assert misfits(JobSummarySchema(), job_summary(job)) == []
    assert misfits(AcceptedJobSchema(), accepted_job(job)) == []
    nullable = {name for name, field in JobSchema().fields.items() if field.allow_none}
    assert {name for name in nullable if shown[name] is not None} == GIVEN[status]
    assert shown["duration_seconds"] in (None, 42)


def test_with_a_worker_online_a_job_has_an_estimate_and_nothing_holds_it_up(session: Session) -> None:
    factories.new_worker(session)
    waiting = job_in(session, JobStatus.QUEUED, estimated_seconds=7)
    running = job_in(session, JobStatus.RUNNING, progress=40, estimated_seconds=90)

    for job, seconds in ((waiting, range(7, 100)), (running, range(54, 55))):
        for shown in (job_status(job), accepted_job(job)):
            assert shown["status_reason"] is None
            assert shown["estimated_seconds"] in seconds


def test_a_repeated_job_names_the_first_one(session: Session) -> None:
    first = job_in(session, JobStatus.FAILED)
    again = job_in(session, JobStatus.QUEUED, upload_id=first.upload_id, parent_id=first.id)

    assert job_status(again)["parent_id"] == job_summary(again)["parent_id"] == first.id


def test_jobs_that_wait_are_numbered_from_one(session: Session) -> None:
    jobs = [job_in(session, JobStatus.QUEUED) for _ in range(3)]

    assert [job_status(job)["queue_position"] for job in jobs] == [1, 2, 3]


def test_a_result_whose_file_was_deleted_has_no_link(session: Session) -> None:
    job = job_in(session, JobStatus.COMPLETED, result_path=None, preview_path=None)

    shown = job_status(job)

    assert misfits(JobSchema(), shown) == []
    assert (shown["result_file"], shown["preview_file"]) == (None, None)
    assert shown["result"]["width"] == 200


def test_links_offer_files_under_names_that_people_know(session: Session) -> None:
    shown = job_status(job_in(session, JobStatus.COMPLETED, filename="holiday.png"))

    assert "name=holiday.png" in shown["original_file"]
    assert "name=holiday-2x.png" in shown["result_file"]
    assert "name=preview.webp" in shown["preview_file"]


def test_the_address_of_a_webhook_is_shown_nowhere(session: Session) -> None:
    job = job_in(session, JobStatus.QUEUED)
    job.params = {**job.params, "callback_url": "https://example.org/a-secret"}
    session.commit()

    for shown in (job_status(job), job_summary(job)):
        assert shown["has_callback"] is True
        assert "a-secret" not in str(shown)
    assert "a-secret" not in str(accepted_job(job))


def test_the_end_of_a_long_log_is_shown(session: Session) -> None:
    job = job_in(session, JobStatus.RUNNING)
    for number in range(LOG_TAIL + 5):
        factories.new_job_log(session, job, f"line {number}")
    session.refresh(job)

    assert [line["message"] for line in job_status(job)["logs"]] == [
        f"line {number}" for number in range(5, LOG_TAIL + 5)
    ]


def test_an_error_is_explained_in_the_language_of_the_request(session: Session) -> None:
    job = job_in(session, JobStatus.FAILED)

    with force_locale("ar"):
        error = job_error(job)

    assert error is not None
    assert error["code"] == "timeout"
    assert "120" in error["detail"]
    assert not re.search("[A-Za-z%]", error["detail"])


@pytest.mark.parametrize("values", [{"error_code": None}, {"error_message": None}])
def test_half_an_error_is_none(session: Session, values: dict[str, None]) -> None:
    assert job_error(job_in(session, JobStatus.FAILED, **values)) is None


def test_a_message_without_values_is_shown_as_it_stands(session: Session) -> None:
    job = job_in(session, JobStatus.FAILED, error_message="100 % of it", error_values=None)

    error = job_error(job)

    assert error is not None
    assert error["detail"] == "100 % of it"


def test_a_visitor_may_change_what_has_no_owner(session: Session) -> None:
    owner = factories.new_account(session)

    assert job_status(job_in(session, JobStatus.QUEUED))["may_change"] is True
    assert job_status(job_in(session, JobStatus.QUEUED, owner_id=owner.id))["may_change"] is False
    assert job_status(job_in(session, JobStatus.QUEUED, owner_gone=True))["may_change"] is False


def test_work_that_never_began_took_no_time(session: Session) -> None:
    job = job_in(session, JobStatus.CANCELED, started_at=None)

    assert job_status(job)["duration_seconds"] is None
