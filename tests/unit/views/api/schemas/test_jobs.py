from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests import factories
from tests.support.strict_schemas import misfits
from tests.unit.views.api.conftest import Program, described
from upscaler.models import Account, JobStatus
from upscaler.views.api.schemas.jobs import AcceptedJobSchema, JobListSchema, JobSchema


@pytest.mark.parametrize("status", JobStatus)
def test_the_answer_about_a_job_in_any_state_fits(
    with_key: Callable[..., Program], session: Session, status: JobStatus
) -> None:
    layla = with_key("layla")
    owner = session.query(Account).one()
    job = factories.new_job(session, **factories.job_columns(status), owner_id=owner.id)
    factories.new_job_log(session, job)

    shown = layla.get(f"/jobs/{job.id}").get_json()
    listed = layla.get("/jobs").get_json()

    assert misfits(JobSchema(), shown) == []
    assert misfits(JobListSchema(), listed) == []
    assert (shown["status"], listed["items"][0]["status"]) == (status.value, status.value)
    assert {shown["id"], shown["job_id"], listed["items"][0]["id"]} == {job.id}


def test_a_new_and_a_repeated_job_fit(visitor: Program, session: Session) -> None:
    accepted = visitor.upload()
    job_id = accepted.get_json()["id"]
    canceled = visitor.post(f"/jobs/{job_id}/cancel")
    again = visitor.post(f"/jobs/{job_id}/retry")

    assert misfits(AcceptedJobSchema(), accepted.get_json()) == []
    assert misfits(JobSchema(), canceled.get_json()) == []
    assert misfits(AcceptedJobSchema(), again.get_json()) == []


@pytest.mark.parametrize(
    "change",
    [
        {"status": "lost"},
        {"progress": 101},
        {"progress": -1},
        {"upload": None},
        {"original_file": None},
        {"error": {"code": "timeout"}},
        {"result": {}},
        {"logs": [{"message": "no time"}]},
        {"colour": "red"},
    ],
    ids=str,
)
def test_programs_need_not_expect_anything_else(
    visitor: Program, session: Session, change: dict[str, Any]
) -> None:
    job = factories.new_job(session, **factories.job_columns(JobStatus.COMPLETED))
    shown = visitor.get(f"/jobs/{job.id}").get_json()
    description = described("Job")

    assert description.is_valid(shown)
    assert not description.is_valid({**shown, **change})
    assert misfits(JobSchema(), {**shown, **change}) != []
