from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from tests import factories
from tests.support.strict_schemas import misfits
from upscaler.errors import UnsupportedImage
from upscaler.models import Batch, JobStatus
from upscaler.services.batches.state import BatchStatus
from upscaler.views.api.schemas.batches import BatchSchema, BatchSummarySchema
from upscaler.views.api.serializers.batches import batch_status, batch_summary

QUEUED, RUNNING, COMPLETED, FAILED, CANCELED = JobStatus


def batch_of(session: Session, *states: JobStatus) -> Batch:
    jobs = [factories.new_job(session, **factories.job_columns(state)) for state in states]
    return factories.new_batch(session, jobs)


@pytest.mark.parametrize(
    ("states", "status", "progress"),
    [
        ((QUEUED, QUEUED), BatchStatus.QUEUED, 0),
        ((RUNNING, QUEUED), BatchStatus.RUNNING, 20),
        ((QUEUED, COMPLETED, FAILED, CANCELED), BatchStatus.RUNNING, 75),
        ((COMPLETED, COMPLETED), BatchStatus.COMPLETED, 100),
        ((COMPLETED, FAILED), BatchStatus.PARTLY_FAILED, 100),
        ((FAILED, CANCELED), BatchStatus.FAILED, 100),
        ((CANCELED,), BatchStatus.CANCELED, 100),
    ],
)
def test_a_batch_in_any_state_fits_its_schemas(
    session: Session, states: tuple[JobStatus, ...], status: BatchStatus, progress: int
) -> None:
    batch = batch_of(session, *states)

    shown = batch_status(batch)

    assert misfits(BatchSchema(), shown) == []
    assert misfits(BatchSummarySchema(), batch_summary(batch)) == []
    assert (shown["status"], shown["progress"]) == (status.value, progress)
    assert [item["status"] for item in shown["items"]] == [state.value for state in states]
    counts = dict(shown["counts"])
    assert counts.pop("total") == sum(counts.values()) == len(states)
    assert (shown["result_file"] is not None) is (COMPLETED in states)
    # No worker is online.
    ended = status.ended
    assert (shown["estimated_seconds"], shown["status_reason"] is None) == (0 if ended else None, ended)


def test_with_a_worker_online_a_batch_has_an_estimate(session: Session) -> None:
    factories.new_worker(session)

    shown = batch_status(batch_of(session, RUNNING))

    assert misfits(BatchSchema(), shown) == []
    assert (shown["estimated_seconds"], shown["status_reason"]) == (54, None)


def test_an_item_shows_the_files_and_the_error_of_its_job(session: Session) -> None:
    done, failed = batch_status(batch_of(session, COMPLETED, FAILED))["items"]

    for name in ("original_file", "original_preview_file", "preview_file", "result_file"):
        assert done[name].startswith("http://localhost/files/")
    assert done["job_url"] == f"http://localhost/api/v1/jobs/{done['job_id']}"
    assert (done["error"], failed["result_file"]) == (None, None)
    assert failed["error"]["code"] == "timeout"


def test_a_file_without_a_job_is_an_item_too(session: Session) -> None:
    batch = factories.new_batch(session)
    error = UnsupportedImage(formats="PNG")
    factories.new_batch_item(
        session,
        batch,
        filename="notes.txt",
        error_code=error.code,
        error_message=error.message,
        error_values=error.values,
    )
    # Its job was deleted.
    factories.new_batch_item(session, batch, filename="gone.png")
    session.refresh(batch)

    shown = batch_status(batch)

    assert misfits(BatchSchema(), shown) == []
    refused, deleted = shown["items"]
    assert (refused["status"], refused["filename"], refused["job_id"]) == ("refused", "notes.txt", None)
    assert refused["error"] == {"code": "unsupported_image", "detail": error.detail}
    assert (deleted["status"], deleted["error"], deleted["progress"]) == ("deleted", None, 0)
    assert (shown["counts"]["refused"], shown["counts"]["deleted"]) == (1, 1)
