from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from tests import factories
from upscaler.errors import BatchConflict, FileGone
from upscaler.models import Job
from upscaler.services.batches.archive import Archive, archive_name, archive_of
from upscaler.services.batches.state import find_batch

NewJob = Callable[..., Job]
RESULT = {
    "status": "completed",
    "result_path": "results/ab/job_ab.png",
    "result_size_bytes": 500,
    "result_sha256": "f" * 64,
}


def archive(session: Session, jobs: list[Job]) -> Archive:
    return archive_of(find_batch(session, factories.new_batch(session, jobs).id))


def test_the_manifest_describes_every_image(db_session: Session, new_job: NewJob) -> None:
    failed = new_job(
        status="failed",
        error_code="crash",
        error_message="It ended: %(reason)s",
        error_values={"reason": "x"},
    )
    batch = factories.new_batch(db_session, [new_job(**RESULT), failed])
    refusal = {"error_code": "empty_file", "error_message": "The file is empty."}
    factories.new_batch_item(db_session, batch, filename="empty.png", **refusal)

    found = archive_of(find_batch(db_session, batch.id))

    assert [(file.key, file.name, file.size_bytes) for file in found.files] == [
        ("results/ab/job_ab.png", "cat-2x.png", 500)
    ]
    manifest = json.loads(found.manifest(()))
    assert (manifest["batch_id"], manifest["status"]) == (batch.id, "partly_failed")
    first, second, third = manifest["items"]
    assert (first["status"], first["result"], first["size_bytes"]) == ("completed", "cat-2x.png", 500)
    assert (first["sha256"], first["error"]) == ("f" * 64, None)
    assert (second["status"], second["result"]) == ("failed", None)
    assert second["error"] == {"code": "crash", "detail": "It ended: x"}
    assert (third["filename"], third["status"], third["job_id"]) == ("empty.png", "refused", None)
    assert third["error"] == {"code": "empty_file", "detail": "The file is empty."}


def test_a_result_that_is_gone_has_an_error_in_the_manifest(db_session: Session, new_job: NewJob) -> None:
    found = archive(db_session, [new_job(**RESULT), new_job("dog.png", **RESULT)])

    first, second = json.loads(found.manifest({"cat-2x.png"}))["items"]

    assert first["error"]["code"] == FileGone.code
    assert (first["result"], first["size_bytes"], first["sha256"]) == (None, None, None)
    assert (second["result"], second["error"]) == ("dog-2x.png", None)


@pytest.mark.parametrize(
    ("filenames", "names"),
    [
        (["cat.png", "CAT.jpg", "cat.webp"], ["cat-2x.png", "CAT-2x-2.png", "cat-2x-3.png"]),
        (['a<b>:"c|?*.png'], ["a_b___c___-2x.png"]),
        ([".. .cat.png"], ["cat-2x.png"]),
        # Decomposed and composed, the same name.
        (["cafe\u0301.png", "caf\u00e9.png"], ["caf\u00e9-2x.png", "caf\u00e9-2x-2.png"]),
        (["ق" * 125 + ".png"], ["ق" * 120 + "-2x.png"]),
    ],
)
def test_every_file_system_can_hold_the_names(
    db_session: Session, new_job: NewJob, filenames: list[str], names: list[str]
) -> None:
    found = archive(db_session, [new_job(filename, **RESULT) for filename in filenames])

    assert [file.name for file in found.files] == names


@pytest.mark.parametrize("values", [{"status": "failed"}, {**RESULT, "result_path": None}])
def test_a_batch_without_a_result_has_no_archive(
    db_session: Session, new_job: NewJob, values: dict[str, object]
) -> None:
    with pytest.raises(BatchConflict):
        archive(db_session, [new_job(**values)])


def test_an_archive_is_named_after_its_day(db_session: Session) -> None:
    batch = factories.new_batch(db_session, created_at=datetime(2025, 12, 7, 23, 59, tzinfo=UTC))

    assert archive_name(batch) == "images-2025-12-07.zip"
