"""The outbox: rows are written with the end of a job, held by one sender, and settled."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from upscaler.errors import DamagedImage, DeliveryConflict, EngineCrashed
from upscaler.models import AuditLog, Delivery, Job, JobStatus, utcnow
from upscaler.services.audit import Actor
from upscaler.services.jobs import lifecycle
from upscaler.services.notifications import outbox
from upscaler.services.notifications.backoff import MAX_ATTEMPTS, PAUSES
from upscaler.services.notifications.events import end_of_job
from upscaler.services.notifications.outcome import Outcome, Verdict

DATABASES = ("sqlite", "postgresql")

NewJob = Callable[..., Job]
NOW = datetime(2025, 12, 7, 12, tzinfo=timezone.utc)
ADMIN = Actor(None, "abdullah", "192.0.2.7")
HOOK = "https://hooks.example.org/a?key=hidden"


@pytest.fixture
def told_job(new_job: NewJob, db_session: Session) -> Job:
    """A job whose end is told by webhook and by mail."""
    job = new_job(notify_email="layla@example.org", language="ar")
    job.params = {**job.params, "callback_url": HOOK}
    db_session.commit()
    return job


def rows(session: Session) -> list[Delivery]:
    session.expire_all()
    return list(session.scalars(select(Delivery).order_by(Delivery.kind.desc())))


def end(session: Session, job: Job) -> None:
    assert lifecycle.cancel(session, job.id, "in a test")


def due(session: Session) -> datetime:
    """Return a moment at which everything that was just written is due."""
    return utcnow() + timedelta(seconds=1)


def test_each_end_leaves_a_row_for_each_receiver(db_session: Session, new_job: NewJob) -> None:
    for ending in ("completed", "failed", "canceled"):
        job = new_job(notify_email=f"{ending}@example.org")
        job.params = {**job.params, "callback_url": HOOK}
        db_session.commit()
        if ending == "canceled":
            end(db_session, job)
            continue
        claim = lifecycle.claim(db_session, job.id, "one", 60)
        assert claim is not None
        if ending == "completed":
            assert lifecycle.complete(db_session, claim, {"result_path": "results/a.png"}, [], utcnow())
        else:
            held = lifecycle.held_by(claim)
            assert lifecycle.fail(db_session, job.id, held, EngineCrashed(reason="SIGSEGV"))

    found = {(row.kind, row.payload["type"]): row for row in rows(db_session)}

    assert set(found) == {
        (kind, f"job.{status}")
        for kind in ("webhook", "email")
        for status in ("completed", "failed", "canceled")
    }
    webhook = found["webhook", "job.failed"]
    assert webhook.target == HOOK
    assert webhook.id.startswith("msg_")
    assert webhook.payload["timestamp"].endswith("Z")
    assert webhook.payload["data"]["status"] == "failed"
    assert webhook.payload["data"]["error"] == {
        "code": "engine_crashed",
        "detail": EngineCrashed.message,
    }
    assert found["email", "job.canceled"].target == "canceled@example.org"
    assert found["email", "job.canceled"].payload["data"]["error"] is None


def test_no_payload_repeats_a_receiver(db_session: Session, told_job: Job) -> None:
    end(db_session, told_job)

    public = {name: value for name, value in told_job.params.items() if name != "callback_url"}
    for row in rows(db_session):
        assert row.payload["data"]["params"] == public
        assert "layla" not in str(row.payload)
        assert "hidden" not in str(row.payload)


def test_a_job_that_nobody_waits_for_leaves_no_row(db_session: Session, new_job: NewJob) -> None:
    end(db_session, new_job())

    assert rows(db_session) == []


def test_only_an_end_leaves_rows_and_only_the_first(db_session: Session, told_job: Job) -> None:
    claim = lifecycle.claim(db_session, told_job.id, "one", 60)
    assert claim is not None
    held = lifecycle.held_by(claim)
    assert lifecycle.release(db_session, told_job.id, held, "a test", counts=True)
    assert rows(db_session) == []

    end(db_session, told_job)
    assert not lifecycle.cancel(db_session, told_job.id, "again")
    assert not lifecycle.fail(db_session, told_job.id, held, DamagedImage())

    assert [row.kind for row in rows(db_session)] == ["webhook", "email"]


def test_end_and_rows_are_one_transaction(
    db_session: Session, told_job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the rows cannot be written, the job has not ended either."""

    def broken(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(outbox, "write", broken)
    with pytest.raises(OSError, match="the disk is full"):
        lifecycle.cancel(db_session, told_job.id, "in a test")
    db_session.rollback()

    assert db_session.get_one(Job, told_job.id).state is JobStatus.QUEUED
    assert rows(db_session) == []


def test_an_event_is_written_once_for_each_channel(db_session: Session, told_job: Job) -> None:
    end(db_session, told_job)
    first = [(row.id, row.kind, row.event) for row in rows(db_session)]

    outbox.write(db_session, told_job.id, end_of_job(JobStatus.CANCELED), NOW)
    db_session.commit()

    assert [(row.id, row.kind, row.event) for row in rows(db_session)] == first
    assert {event for _, _, event in first} == {"job.canceled"}


def test_the_database_itself_refuses_a_second_row_of_an_event(db_session: Session, told_job: Job) -> None:
    end(db_session, told_job)
    first = rows(db_session)[0]

    same = {"job_id": first.job_id, "kind": first.kind, "event": first.event}
    db_session.add(Delivery(**same, target=first.target, payload=first.payload))
    with pytest.raises(IntegrityError):
        db_session.flush()
    db_session.rollback()


def test_a_message_is_held_by_one_sender_until_its_lease_ends(db_session: Session, told_job: Job) -> None:
    end(db_session, told_job)
    moment = due(db_session)
    first, second = outbox.claim(db_session, moment), outbox.claim(db_session, moment)

    assert first is not None
    assert second is not None
    assert {first.kind.value, second.kind.value} == {"webhook", "email"}
    assert outbox.claim(db_session, moment) is None

    later = moment + timedelta(seconds=outbox.LEASE_SECONDS + 1)
    again = outbox.claim(db_session, later)
    assert again is not None
    assert (again.id in {first.id, second.id}, again.attempt) == (True, 2)
    # Whoever was too slow does not overwrite what its successor finds out.
    slow = first if again.id == first.id else second
    assert not outbox.finish(db_session, slow, Outcome(Verdict.FAILED, 500), later)
    assert outbox.finish(db_session, again, Outcome(Verdict.DELIVERED, 200), later)


def test_many_senders_at_once_take_each_message_once(
    database: Engine, db_session: Session, new_job: NewJob
) -> None:
    for _ in range(12):
        job = new_job(notify_email="layla@example.org")
        job.params = {**job.params, "callback_url": HOOK}
        db_session.commit()
        end(db_session, job)
    moment, taken, together = due(db_session), [], threading.Barrier(6)

    def work() -> None:
        together.wait()
        with Session(database) as session:
            while (held := outbox.claim(session, moment)) is not None:
                taken.append(held.id)
                assert outbox.finish(session, held, Outcome(Verdict.DELIVERED, 200), moment)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(taken) == 24
    assert len(set(taken)) == 24
    assert {(row.status, row.attempts) for row in rows(db_session)} == {("delivered", 1)}


def test_what_fails_is_tried_again_by_the_schedule_and_then_given_up(
    db_session: Session, new_job: NewJob
) -> None:
    end(db_session, new_job(notify_email="layla@example.org"))
    moment = due(db_session)

    for attempt, pause in enumerate(PAUSES, start=1):
        held = outbox.claim(db_session, moment)
        assert held is not None
        assert held.attempt == attempt
        assert outbox.finish(db_session, held, Outcome(Verdict.RETRY, 500, "busy"), moment)
        [row] = rows(db_session)
        assert (row.status, row.last_status, row.last_error) == ("pending", 500, "busy")
        assert row.next_attempt_at == moment + pause
        assert outbox.claim(db_session, moment + pause - timedelta(seconds=1)) is None
        moment += pause
    last = outbox.claim(db_session, moment)
    assert last is not None
    assert last.attempt == MAX_ATTEMPTS
    outbox.finish(db_session, last, Outcome(Verdict.RETRY, 500, "busy"), moment)

    [row] = rows(db_session)
    assert (row.status, row.attempts, row.next_attempt_at) == ("failed", MAX_ATTEMPTS, None)
    assert outbox.claim(db_session, moment + timedelta(days=30)) is None


@pytest.mark.parametrize(
    ("verdict", "status"),
    [(Verdict.DELIVERED, "delivered"), (Verdict.GONE, "gone"), (Verdict.FAILED, "failed")],
)
def test_a_final_word_is_final(db_session: Session, new_job: NewJob, verdict: Verdict, status: str) -> None:
    end(db_session, new_job(notify_email="layla@example.org"))
    moment = due(db_session)
    held = outbox.claim(db_session, moment)
    assert held is not None

    outbox.finish(db_session, held, Outcome(verdict, 410), moment)

    [row] = rows(db_session)
    assert row.status == status
    assert (row.delivered_at == moment) is (verdict is Verdict.DELIVERED)
    assert outbox.claim(db_session, moment + timedelta(days=1)) is None


def test_a_sender_that_dies_in_the_last_attempt_leaves_a_failure(
    db_session: Session, new_job: NewJob
) -> None:
    end(db_session, new_job(notify_email="layla@example.org"))
    moment = due(db_session)
    for _ in range(MAX_ATTEMPTS):
        assert outbox.claim(db_session, moment) is not None
        outbox.fail_lost(db_session, moment)
        assert rows(db_session)[0].status == "pending"
        moment += timedelta(seconds=outbox.LEASE_SECONDS + 1)

    assert outbox.claim(db_session, moment) is None
    outbox.fail_lost(db_session, moment)

    [row] = rows(db_session)
    assert (row.status, row.claim_token) == ("failed", None)


@pytest.mark.parametrize("verdict", [Verdict.DELIVERED, Verdict.GONE, Verdict.FAILED, Verdict.RETRY])
def test_a_person_can_have_it_sent_again_at_once(
    db_session: Session, new_job: NewJob, verdict: Verdict
) -> None:
    job = new_job(notify_email="layla@example.org")
    end(db_session, job)
    moment = due(db_session)
    first = outbox.claim(db_session, moment)
    assert first is not None
    outbox.finish(db_session, first, Outcome(verdict, 500), moment)

    outbox.send_again(db_session, ADMIN, first.id, moment)

    again = outbox.claim(db_session, moment)
    assert again is not None
    assert (again.id, again.attempt) == (first.id, 1)
    [trail] = db_session.scalars(select(AuditLog))
    assert (trail.action, trail.entity_id) == ("delivery.send_again", first.id)
    assert trail.details == {"job": job.id, "kind": "email"}


def test_what_is_being_sent_or_unknown_is_not_sent_again(db_session: Session, new_job: NewJob) -> None:
    end(db_session, new_job(notify_email="layla@example.org"))
    moment = due(db_session)
    held = outbox.claim(db_session, moment)
    assert held is not None

    for delivery_id in (held.id, "msg_unknown"):
        with pytest.raises(DeliveryConflict):
            outbox.send_again(db_session, ADMIN, delivery_id, moment)

    assert list(db_session.scalars(select(AuditLog))) == []
    assert outbox.finish(db_session, held, Outcome(Verdict.DELIVERED, 250), moment)


def test_what_is_old_is_forgotten_but_not_what_is_still_to_be_sent(
    db_session: Session, new_job: NewJob
) -> None:
    sent, waiting = (new_job(notify_email=f"{name}@example.org") for name in ("sent", "waiting"))
    for job in (sent, waiting):
        end(db_session, job)
    moment = due(db_session)
    held = outbox.claim(db_session, moment)
    assert held is not None
    outbox.finish(db_session, held, Outcome(Verdict.DELIVERED, 250), moment)
    running = new_job(notify_email="running@example.org")

    outbox.purge(db_session, moment - timedelta(days=1))
    assert len(rows(db_session)) == 2
    outbox.purge(db_session, moment)

    assert [row.status for row in rows(db_session)] == ["pending"]
    assert [db_session.get_one(Job, job.id).notify_email for job in (sent, waiting)] == [None, None]
    assert db_session.get_one(Job, running.id).notify_email == "running@example.org"


def test_a_deleted_job_takes_its_messages_along(db_session: Session, told_job: Job) -> None:
    end(db_session, told_job)

    db_session.delete(db_session.get_one(Job, told_job.id))
    db_session.commit()

    assert rows(db_session) == []
