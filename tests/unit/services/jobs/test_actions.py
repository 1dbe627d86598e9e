from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from tests import factories
from upscaler.errors import BatchConflict, FileGone, InvalidParameter, JobConflict, JobNotFound
from upscaler.models import ADMIN_ROLE, AuditLog, Job, Upload
from upscaler.services.accounts.usage import usage_of
from upscaler.services.audit import Actor
from upscaler.services.batches import retries
from upscaler.services.batches.state import BatchStatus, find_batch, summary
from upscaler.services.jobs import actions
from upscaler.services.registry import Services

DATABASES = ("sqlite", "postgresql")

ADMIN = Actor(None, "abdullah", "192.0.2.7", is_admin=True)
NewJob = Callable[..., Job]


def trail(session: Session) -> list[tuple[str, str, dict[str, object]]]:
    rows = session.scalars(select(AuditLog).order_by(AuditLog.id))
    return [(row.action, row.entity_id, row.details) for row in rows]


def test_a_canceled_job_has_a_row_in_the_trail(db_session: Session, new_job: NewJob) -> None:
    job = new_job()

    actions.cancel(db_session, ADMIN, job)

    assert db_session.get_one(Job, job.id).status == "canceled"
    assert trail(db_session) == [("job.cancel", job.id, {"status": "queued"})]


def test_a_job_that_has_ended_is_not_canceled_and_leaves_no_row(db_session: Session, new_job: NewJob) -> None:
    job = new_job(status="completed")

    with pytest.raises(JobConflict, match="already ended"):
        actions.cancel(db_session, ADMIN, job)

    assert trail(db_session) == []


def test_a_new_run_names_the_old_one_and_what_differs(
    db_session: Session, new_job: NewJob, services: Services, tmp_path: Path
) -> None:
    job = new_job(status="failed")
    keep_original(services, job, tmp_path)

    with actions.requeued(db_session, ADMIN, services.submissions, job, {"denoise": "low"}) as again:
        pass

    assert again.parent_id == job.id
    assert again.status == "queued"
    assert again.params["denoise"] == "low"
    assert again.params["factor"] == "2x"
    assert trail(db_session) == [
        ("job.requeue", job.id, {"new_job": again.id, "overrides": {"denoise": "low"}})
    ]


@pytest.mark.parametrize("new_run", ["requeued", "retried"])
@pytest.mark.parametrize("owner", ["an account", "a visitor", "a deleted account"])
def test_a_new_run_by_an_admin_belongs_to_the_owner_of_the_first(
    db_session: Session, new_job: NewJob, services: Services, tmp_path: Path, owner: str, new_run: str
) -> None:
    account = factories.new_account(db_session) if owner == "an account" else None
    admin = factories.new_account(db_session, "abdullah", ADMIN_ROLE)
    job = new_job(
        status="failed",
        owner_id=account and account.id,
        owner_gone=owner == "a deleted account",
        submitter="layla's",
        notify_email="layla@example.org",
    )
    keep_original(services, job, tmp_path)
    actor = Actor(admin.id, "abdullah", "192.0.2.7", is_admin=True)
    overrides = ({},) if new_run == "requeued" else ()

    with getattr(actions, new_run)(db_session, actor, services.submissions, job, *overrides) as again:
        pass

    assert (again.owner_id, again.owner_gone) == (job.owner_id, job.owner_gone)
    assert (again.submitter, again.notify_email) == ("layla's", "layla@example.org")
    assert actions.may_change(None, again) == (owner == "a visitor")
    assert usage_of(db_session, admin).jobs == 0
    if account is not None:
        assert usage_of(db_session, account).jobs == 2
        assert actions.may_change(account, again)


def test_an_admin_acts_for_another_on_all_but_their_own_jobs(db_session: Session, new_job: NewJob) -> None:
    layla, admin = (factories.new_account(db_session, *who) for who in (("layla",), ("abdullah", ADMIN_ROLE)))
    of_layla, of_admin, of_visitor = (new_job(owner_id=one and one.id) for one in (layla, admin, None))

    assert actions.is_for_another(admin, of_layla)
    assert actions.is_for_another(admin, of_visitor)
    assert not actions.is_for_another(admin, of_admin)
    assert not any(actions.is_for_another(one, of_visitor) for one in (layla, None))


def test_a_new_run_with_an_unknown_value_leaves_nothing(
    db_session: Session, new_job: NewJob, services: Services, tmp_path: Path
) -> None:
    job = new_job(status="failed")
    keep_original(services, job, tmp_path)

    with (
        pytest.raises(InvalidParameter),
        actions.requeued(db_session, ADMIN, services.submissions, job, {"factor": "5x"}),
    ):
        pass
    db_session.rollback()

    assert [found.id for found in db_session.scalars(select(Job))] == [job.id]
    assert trail(db_session) == []


@pytest.mark.parametrize("status", ["failed", "canceled"])
def test_the_item_of_a_batch_follows_a_retried_job(
    db_session: Session, new_job: NewJob, services: Services, tmp_path: Path, status: str
) -> None:
    job, other = new_job(status=status), new_job(status="completed")
    batch = factories.new_batch(db_session, [job, other])
    keep_original(services, job, tmp_path)

    with actions.retried(db_session, ADMIN, services.submissions, job) as again:
        pass

    assert [item.job_id for item in find_batch(db_session, batch.id).items] == [again.id, other.id]
    found = summary(find_batch(db_session, batch.id))
    assert (found.status, found.progress) == (BatchStatus.RUNNING, 50)
    assert (found.counts["queued"], found.counts["completed"], found.counts[status]) == (1, 1, 0)


def test_the_item_of_a_batch_follows_a_new_run_unless_it_has_a_result(
    db_session: Session, new_job: NewJob, services: Services, tmp_path: Path
) -> None:
    failed, completed = new_job(status="failed"), new_job(status="completed")
    batch = factories.new_batch(db_session, [failed, completed])
    new_runs = []
    for job in (failed, completed):
        keep_original(services, job, tmp_path)
        with actions.requeued(db_session, ADMIN, services.submissions, job, {"denoise": "low"}) as again:
            new_runs.append(again)

    assert [item.job_id for item in find_batch(db_session, batch.id).items] == [new_runs[0].id, completed.id]


def test_a_job_that_was_retried_before_leaves_the_item_to_its_new_run(
    db_session: Session, new_job: NewJob, services: Services, tmp_path: Path
) -> None:
    job = new_job(status="failed")
    batch = factories.new_batch(db_session, [job])
    keep_original(services, job, tmp_path)
    with actions.retried(db_session, ADMIN, services.submissions, job) as first:
        pass
    with actions.retried(db_session, ADMIN, services.submissions, job):
        pass

    assert [item.job_id for item in find_batch(db_session, batch.id).items] == [first.id]


def test_a_retry_of_a_batch_waits_for_that_of_one_of_its_jobs(
    database: Engine, db_session: Session, new_job: NewJob, services: Services, tmp_path: Path
) -> None:
    job = new_job(status="failed")
    batch = factories.new_batch(db_session, [job])
    keep_original(services, job, tmp_path)

    def retry_batch() -> None:
        with Session(database) as other, retries.retried(other, ADMIN, services.submissions, batch.id):
            pass

    with ThreadPoolExecutor(1) as pool:
        with actions.retried(db_session, ADMIN, services.submissions, job):
            waiting = pool.submit(retry_batch)
            assert not wait([waiting], 0.5).done
        with pytest.raises(BatchConflict, match="has failed"):
            waiting.result(30)


def test_a_new_run_needs_the_original(db_session: Session, new_job: NewJob, services: Services) -> None:
    with (
        pytest.raises(FileGone),
        actions.requeued(db_session, ADMIN, services.submissions, new_job(), {}),
    ):
        pass


def test_both_files_of_a_job_can_be_fetched_and_each_time_is_noted(
    db_session: Session, new_job: NewJob
) -> None:
    job = new_job(status="completed", result_path="results/ab/job_ab.webp")

    original = actions.file_to_download(db_session, ADMIN, job, "original")
    result = actions.file_to_download(db_session, ADMIN, job, "result")

    assert original == (job.upload.storage_path, "cat.png")
    assert result == ("results/ab/job_ab.webp", "cat-2x.webp")
    assert [details for _, _, details in trail(db_session)] == [{"file": "original"}, {"file": "result"}]


@pytest.mark.parametrize("which", ["result", "", "../../etc/passwd"])
def test_there_is_no_other_file(db_session: Session, new_job: NewJob, which: str) -> None:
    with pytest.raises(FileGone):
        actions.file_to_download(db_session, ADMIN, new_job(), which)


def keep_original(services: Services, job: Job, folder: Path) -> None:
    image = folder / "original.png"
    image.write_bytes(b"not read here")
    services.storage.save(job.upload.storage_path, image)


def stored_files(services: Services) -> set[str]:
    root = services.storage.root  # type: ignore[attr-defined]  # the tests' storage is a local one
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def test_an_original_stays_until_its_last_job_is_deleted(
    db_session: Session, new_job: NewJob, services: Services, tmp_path: Path
) -> None:
    first = new_job(status="failed")
    second = new_job(status="failed", upload_id=first.upload_id)
    keep_original(services, first, tmp_path)
    original = first.upload.storage_path

    assert actions.delete(db_session, ADMIN, services.storage, first)
    assert original in stored_files(services)
    assert actions.delete(db_session, ADMIN, services.storage, second)

    assert original not in stored_files(services)
    assert db_session.query(Upload).count() == 0
    assert [action for action, _, _ in trail(db_session)] == ["job.delete", "job.delete"]


def test_a_job_is_deleted_once(
    database: Engine, db_session: Session, new_job: NewJob, services: Services
) -> None:
    job = new_job(status="failed")
    with Session(database) as other:
        same = other.get_one(Job, job.id)
        actions.delete(db_session, ADMIN, services.storage, job)

        with pytest.raises(JobNotFound):
            actions.delete(other, ADMIN, services.storage, same)

    assert [action for action, _, _ in trail(db_session)] == ["job.delete"]


def test_two_jobs_deleted_at_once_leave_no_original(
    database: Engine, db_session: Session, new_job: NewJob, services: Services, tmp_path: Path
) -> None:
    for _ in range(5):
        first = new_job(status="failed")
        second = new_job(status="failed", upload_id=first.upload_id)
        keep_original(services, first, tmp_path)
        start = threading.Barrier(2)

        def delete(job_id: str, start: threading.Barrier = start) -> None:
            with Session(database) as session:
                job = session.get_one(Job, job_id)
                start.wait()
                actions.delete(session, ADMIN, services.storage, job)

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(delete, (first.id, second.id)))

    assert stored_files(services) == set()
    assert db_session.query(Upload).count() == 0
