"""Messages in the outbox: held by one sender, sent again, settled and deleted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from tests.unit.services.notifications.conftest import HOOK, end, rows
from upscaler.errors import DeliveryConflict
from upscaler.models import AuditLog, Job, utcnow
from upscaler.services.audit import Actor
from upscaler.services.notifications import outbox
from upscaler.services.notifications.backoff import MAX_ATTEMPTS, PAUSES
from upscaler.services.notifications.outcome import Outcome, Verdict

DATABASES = ("sqlite", "postgresql")

NewJob = Callable[..., Job]
ADMIN = Actor(None, "abdullah", "192.0.2.7")


def due(session: Session) -> datetime:
    """Return a moment at which everything that was just written is due."""
    return utcnow() + timedelta(seconds=1)


def test_a_message_is_held_by_one_sender_until_its_lease_ends(db_session: Session, watched_job: Job) -> None:
    end(db_session, watched_job)
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
    # A slow sender does not overwrite what its successor finds out.
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


def test_what_fails_is_sent_again_after_each_pause_and_then_given_up(
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
