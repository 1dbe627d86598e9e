from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests import factories
from tests.support.photographs import save_photograph
from upscaler.engine.options import UpscaleOptions
from upscaler.errors import FileGone, QueueFull, ResultTooLarge, UnknownModel, UnknownParameter
from upscaler.models import Job, JobLog, PendingFile, Upload
from upscaler.services.audit import SYSTEM
from upscaler.services.files.incoming import IncomingFile
from upscaler.services.jobs.file_checks import CheckedFile
from upscaler.services.jobs.new_jobs import Sender
from upscaler.services.registry import Services

NewJob = Callable[..., Job]
TWICE = UpscaleOptions("2x")


@pytest.fixture
def checked(db_session: Session, services: Services, received: Path) -> Callable[[], CheckedFile]:
    """Return a function that makes an accepted file."""
    numbers = itertools.count()

    def build() -> CheckedFile:
        path = save_photograph("astronaut", received / f"{next(numbers)}.png", 40)
        return services.submissions.check(db_session, IncomingFile(path, "astronaut.png"), TWICE, SYSTEM)

    return build


def keep_original(services: Services, job: Job, folder: Path) -> None:
    path = folder / "original.png"
    path.write_bytes(b"not read here")
    services.storage.save(job.upload.storage_path, path)


def stored_files(services: Services) -> list[Path]:
    root = services.storage.root  # type: ignore[attr-defined]  # the tests' storage is a local one
    return [path for path in root.rglob("*") if path.is_file()]


def rows(session: Session) -> list[int | None]:
    return [session.scalar(select(func.count()).select_from(table)) for table in (Upload, Job, PendingFile)]


def test_files_and_rows_are_stored_and_the_jobs_enqueued(
    db_session: Session, services: Services, checked: Callable[[], CheckedFile]
) -> None:
    with services.submissions.stored(db_session, [checked(), checked()], TWICE, Sender("layla")) as jobs:
        assert [job.enqueued_at for job in jobs] == [None, None]
    db_session.expire_all()

    assert rows(db_session) == [2, 2, 0]
    assert len(stored_files(services)) == 2
    for job in jobs:
        assert job.status == "queued"
        assert job.enqueued_at is not None
        services.storage.stat(job.upload.storage_path)
    assert list(db_session.scalars(select(JobLog.message))) == ["accepted", "accepted"]


def test_an_error_of_the_caller_leaves_no_file_and_no_row(
    db_session: Session, services: Services, checked: Callable[[], CheckedFile]
) -> None:
    def submit() -> None:
        with services.submissions.stored(db_session, [checked()], TWICE, Sender("layla")):
            assert len(stored_files(services)) == 1
            raise RuntimeError

    with pytest.raises(RuntimeError):
        submit()

    assert stored_files(services) == []
    assert rows(db_session) == [0, 0, 0]


def test_files_for_a_full_queue_or_an_unknown_model_are_not_stored(
    db_session: Session, services: Services, checked: Callable[[], CheckedFile]
) -> None:
    factories.new_setting(db_session, "queue_limit", 1)
    services.submissions.check_queue(db_session, 1)
    with pytest.raises(QueueFull):
        services.submissions.check_queue(db_session, 2)
    with (
        pytest.raises(QueueFull),
        services.submissions.stored(db_session, [checked(), checked()], TWICE, Sender("layla")),
    ):
        pass
    unknown = UpscaleOptions("2x", model="unknown")
    with (
        pytest.raises(UnknownModel),
        services.submissions.stored(db_session, [checked()], unknown, Sender("layla")),
    ):
        pass

    assert stored_files(services) == []
    assert rows(db_session) == [0, 0, 0]


def test_a_new_run_has_the_same_upload_sender_and_recipients(
    db_session: Session, services: Services, new_job: NewJob, tmp_path: Path
) -> None:
    account = factories.new_account(db_session)
    job = new_job(
        status="failed",
        owner_id=account.id,
        submitter="layla",
        notify_email="layla@example.org",
        language="ar",
    )
    job.params = {**job.params, "callback_url": "https://example.org/hook"}
    db_session.commit()
    keep_original(services, job, tmp_path)

    again = services.submissions.run_again(db_session, job, {"factor": "4x"})
    db_session.commit()
    services.submissions.start(db_session, again)
    db_session.refresh(again)

    assert (again.parent_id, again.upload_id, again.owner_id) == (job.id, job.upload_id, account.id)
    assert (again.submitter, again.notify_email, again.language) == ("layla", "layla@example.org", "ar")
    assert again.params["factor"] == "4x"
    assert again.callback_url == "https://example.org/hook"
    assert again.enqueued_at is not None
    assert list(db_session.scalars(select(JobLog.message).where(JobLog.job_id == again.id))) == [
        f"accepted as a new run of {job.id}"
    ]


def test_a_new_run_that_is_not_possible_is_refused(
    db_session: Session, services: Services, new_job: NewJob, tmp_path: Path
) -> None:
    factories.new_setting(db_session, "max_output_pixels", 200 * 160)
    job = new_job(status="failed")
    with pytest.raises(FileGone):
        services.submissions.run_again(db_session, job, {})
    keep_original(services, job, tmp_path)
    with pytest.raises(UnknownParameter):
        services.submissions.run_again(db_session, job, {"colour": "red"})
    with pytest.raises(ResultTooLarge):
        services.submissions.run_again(db_session, job, {"factor": "3x"})

    assert list(db_session.scalars(select(Job.id))) == [job.id]
