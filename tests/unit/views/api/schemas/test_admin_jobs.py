from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from tests import factories
from tests.support.strict_schemas import misfits
from tests.unit.views.api.conftest import Program, faults
from upscaler.models import JobStatus, utcnow
from upscaler.views.api.schemas.admin_jobs import AdminJobListSchema, AdminJobSchema


@pytest.mark.parametrize("status", JobStatus)
def test_a_job_in_any_state_fits(admin: Program, session: Session, status: JobStatus) -> None:
    owner = factories.new_account(session)
    columns = {**factories.job_columns(status), "owner_id": owner.id, "enqueued_at": utcnow()}
    job = factories.new_job(session, **columns)
    factories.new_job_log(session, job)
    factories.new_delivery(session, job)

    shown = admin.get(f"/admin/jobs/{job.id}").get_json()
    listed = admin.get("/admin/jobs").get_json()

    assert misfits(AdminJobSchema(), shown) == []
    assert misfits(AdminJobListSchema(), listed) == []
    assert shown["owner"] == listed["items"][0]["owner"] == "layla"
    assert [row["job_id"] for row in shown["deliveries"]] == [job.id]
    # The worker that runs it, and the one that ran it last.
    assert (shown["worker_id"] is not None) is (status is JobStatus.RUNNING)
    assert (shown["last_worker_id"] is not None) is (status is not JobStatus.QUEUED)


def test_what_only_the_operator_may_know_of_a_failure_fits(admin: Program, session: Session) -> None:
    columns = factories.job_columns(JobStatus.FAILED)
    error = {"error_values": {"seconds": 120, "reason": "killed"}, "error_trace": "Traceback: it broke"}
    job = factories.new_job(session, **{**columns, **error})

    shown = admin.get(f"/admin/jobs/{job.id}").get_json()

    assert misfits(AdminJobSchema(), shown) == []
    assert (shown["error_reason"], shown["trace"]) == ("killed", "Traceback: it broke")


def test_each_wrong_filter_is_listed(admin: Program) -> None:
    long = "x" * 101
    query = f"page=2&status=lost&owner=&model={long}&q={long}&from=yesterday&to=2025-13-01&limit=0"

    assert faults(admin.get(f"/admin/jobs?{query}")) == [
        ("page", "unknown_parameter"),
        *((name, "invalid_parameter") for name in ("from", "limit", "model", "owner", "q", "status", "to")),
    ]


@pytest.mark.parametrize("status", JobStatus)
def test_each_state_is_a_filter(admin: Program, session: Session, status: JobStatus) -> None:
    for other in JobStatus:
        factories.new_job(session, **factories.job_columns(other))

    [found] = admin.get(f"/admin/jobs?status={status.value}").get_json()["items"]

    assert found["status"] == status.value
