from __future__ import annotations

from sqlalchemy.orm import Session

from tests import factories
from tests.support.strict_schemas import misfits
from tests.unit.views.api.conftest import Program, faults
from upscaler.models import JobStatus
from upscaler.views.api.schemas.batches import AdminBatchListSchema, AdminBatchSchema, BatchSchema


def test_a_batch_with_a_file_in_each_state_fits(admin: Program, visitor: Program, session: Session) -> None:
    jobs = [factories.new_job(session, **factories.job_columns(status)) for status in JobStatus]
    owner = factories.new_account(session)
    batch = factories.new_batch(session, jobs, owner_id=owner.id)
    factories.new_batch_item(session, batch, error_code="empty_file", error_message="This file is empty.")
    factories.new_batch_item(session, batch)

    public = visitor.get(f"/batches/{batch.id}").get_json()
    internal = admin.get(f"/admin/batches/{batch.id}").get_json()
    listed = admin.get("/admin/batches").get_json()

    assert misfits(BatchSchema(), public) == []
    assert misfits(AdminBatchSchema(), internal) == []
    assert misfits(AdminBatchListSchema(), listed) == []
    assert internal["owner"] == listed["items"][0]["owner"] == "layla"
    assert [item["status"] for item in public["items"]] == [*JobStatus, "refused", "deleted"]
    assert public["counts"] == {"total": 7, **dict.fromkeys((*JobStatus, "refused", "deleted"), 1)}


def test_each_wrong_filter_is_listed(admin: Program) -> None:
    answer = admin.get(f"/admin/batches?status=failed&owner={'x' * 101}&from=x&to=&cursor=")

    assert faults(answer) == [
        ("status", "unknown_parameter"),
        *((name, "invalid_parameter") for name in ("cursor", "from", "owner", "to")),
    ]
