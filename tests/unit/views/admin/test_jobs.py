from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from tests import factories
from tests.unit.views.admin.conftest import keep_original
from upscaler.errors import FileGone
from upscaler.models import Account, AuditLog, Job
from upscaler.storage import Storage

NewJob = Callable[..., Job]
Trail = Callable[..., list[AuditLog]]


def shown(page: str, jobs: list[Job]) -> list[str]:
    """Return the file names of the jobs whose rows are on the page."""
    return [job.upload.original_filename for job in jobs if f'href="/admin/job/{job.id}"' in page]


@pytest.fixture
def jobs(new_job: NewJob, new_account: Callable[..., Account]) -> list[Job]:
    omar = new_account("omar")
    day = datetime(2025, 12, 7, 23, 59, tzinfo=timezone.utc)
    return [
        new_job("100%_sure.png", created_at=day.replace(day=6)),
        new_job("b.png", status="failed", owner_id=omar.id, created_at=day, model="realesrgan-x4plus"),
        new_job("c.png", status="completed", created_at=day.replace(day=8)),
    ]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["100%_sure.png", "b.png", "c.png"]),
        ("status=failed", ["b.png"]),
        ("status=nonsense", ["100%_sure.png", "b.png", "c.png"]),
        ("owner=OMA", ["b.png"]),
        ("owner=-", ["100%_sure.png", "c.png"]),
        ("model=realesrgan", ["b.png"]),
        ("q=C.PNG", ["c.png"]),
        ("q=%25_", ["100%_sure.png"]),
        ("from=2025-12-07", ["b.png", "c.png"]),
        ("to=2025-12-07", ["100%_sure.png", "b.png"]),
        ("from=2025-12-07&to=2025-12-07", ["b.png"]),
        ("status=failed&owner=-", []),
    ],
)
def test_the_list_shows_what_was_asked_for(admin, jobs: list[Job], query: str, found: list[str]) -> None:
    page = admin.get(f"/admin/jobs?{query}")

    assert page.status_code == 200
    assert shown(page.text, jobs) == found


def test_a_job_is_found_by_its_id(admin, jobs: list[Job]) -> None:
    assert shown(admin.get(f"/admin/jobs?q={jobs[1].id}").text, jobs) == ["b.png"]


def test_the_newest_come_first_and_every_page_has_its_share(admin, new_job: NewJob) -> None:
    moment = datetime(2025, 12, 7, tzinfo=timezone.utc)
    jobs = [new_job(f"{n:02}.png", created_at=moment.replace(minute=n)) for n in range(30)]

    first, second = (admin.get(f"/admin/jobs?page={page}").text for page in (1, 2))

    assert shown(first, jobs) == [f"{n:02}.png" for n in range(5, 30)]
    assert shown(second, jobs) == [f"{n:02}.png" for n in range(5)]
    assert first.index("29.png") < first.index("05.png")
    assert 'href="/admin/jobs?page=2"' in first
    assert shown(admin.get("/admin/jobs?size=50&sort=created_at").text, jobs)[:1] == ["00.png"]


def test_the_report_shows_everything(admin, new_job: NewJob, session: Session) -> None:
    job = new_job(
        "<b>bold</b>.png",
        status="failed",
        error_code="out_of_memory",
        error_message="It needed more than %(limit)s.",
        error_values={"limit": "6 GB"},
        error_trace="Traceback: MemoryError",
        worker_id="host-12",
        attempts=3,
        receipt={"version": 1, "kept": ["the colour profile"], "changed": ["turned upright"]},
    )
    factories.new_job_log(session, job, "failed: no memory", level="error")

    page = admin.get(f"/admin/job/{job.id}").text

    for text in (
        "It needed more than 6 GB.",
        "Traceback: MemoryError",
        "host-12",
        "failed: no memory",
        "the colour profile",
        "turned upright",
        "&lt;b&gt;bold&lt;/b&gt;.png",
    ):
        assert text in page
    assert "<b>bold" not in page
    assert f"/files/{job.upload.storage_path}?expires=" in page


def test_a_message_of_another_version_is_shown_as_it_is(admin, new_job: NewJob) -> None:
    job = new_job(status="failed", error_message="More than %(limit)s", error_values={"other": 1})

    assert "More than %(limit)s" in admin.get(f"/admin/job/{job.id}").text


@pytest.mark.parametrize("job_id", ["job_unknown", "%00", "x" * 41, "x" * 4000])
def test_an_unknown_job_is_not_found(admin, job_id: str) -> None:
    assert admin.get(f"/admin/job/{job_id}").status_code == 404


def test_canceling_is_noted_with_who_when_where_and_what(
    admin, new_job: NewJob, session: Session, trail: Trail
) -> None:
    job = new_job()

    answer = admin.post(
        f"/admin/job/{job.id}/cancel", {"next": "/admin/jobs?status=queued"}, page="/admin/jobs"
    )

    assert answer.location == "/admin/jobs?status=queued"
    session.refresh(job)
    assert job.status == "canceled"
    [row] = trail("job.cancel")
    assert (row.username, row.ip_address, row.entity_id) == ("abdullah", "127.0.0.1", job.id)
    assert row.details == {"status": "queued"}
    assert (datetime.now(timezone.utc) - row.created_at).total_seconds() < 60


def test_a_job_that_has_ended_cannot_be_canceled(admin, new_job: NewJob, trail: Trail) -> None:
    job = new_job(status="completed")

    answer = admin.post(f"/admin/job/{job.id}/cancel", page="/admin/dashboard")

    assert answer.location == f"/admin/job/{job.id}"
    assert "This job has already ended" in admin.get(answer.location).text
    assert trail("job.cancel") == []


def test_a_download_is_a_signed_link_and_is_noted(
    admin, new_job: NewJob, storage: Storage, tmp_path: Path, trail: Trail
) -> None:
    job = new_job()
    keep_original(storage, job, tmp_path)

    answer = admin.post(f"/admin/job/{job.id}/download", {"file": "original"}, page="/admin/dashboard")

    assert answer.status_code == 303
    with admin.get(answer.location) as file:
        assert file.data == b"not read here"
        assert file.headers["Content-Disposition"].startswith("attachment")
    assert [row.details for row in trail("job.download")] == [{"file": "original"}]


def test_a_target_elsewhere_is_not_followed(admin, new_job: NewJob) -> None:
    job = new_job()

    answer = admin.post(f"/admin/job/{job.id}/cancel", {"next": "https://evil.example/"}, page="/admin/jobs")

    assert answer.location == f"/admin/job/{job.id}"


def test_a_job_is_deleted_with_its_files(
    admin, storage: Storage, new_job: NewJob, trail: Trail, tmp_path: Path, session: Session
) -> None:
    job = new_job("a.png", status="completed")
    keep_original(storage, job, tmp_path)
    key, job_id = job.upload.storage_path, job.id
    path = f"/admin/job/{job_id}"
    assert f'action="{path}/delete"' in admin.get(path).text

    answer = admin.post(f"{path}/delete", page=path)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/jobs")
    assert "The job and its files were deleted." in admin.get("/admin/jobs").text
    assert admin.get(path).status_code == 404
    with pytest.raises(FileGone):
        storage.stat(key)
    assert [row.entity_id for row in trail("job.delete")] == [job_id]


def test_what_accounts_used_is_handed_out_and_written_down(admin, jobs: list[Job], trail: Trail) -> None:
    assert "Export usage" in admin.get("/admin/jobs").text

    answer = admin.post("/admin/usage.csv", page="/admin/jobs")

    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    assert "usage.csv" in answer.headers["Content-Disposition"]
    assert "omar" in answer.text
    assert len(trail("usage.export")) == 1
