from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests import factories
from upscaler.models import Delivery, DeliveryStatus, Job, utcnow

DATABASES = ("sqlite", "postgresql")

WEBHOOK = {"kind": "webhook", "event": "job.completed"}


def test_an_event_of_a_job_is_written_once_for_each_channel(
    db_session: Session, new_job: Callable[..., Job]
) -> None:
    job = new_job()
    factories.new_delivery(db_session, job, **WEBHOOK)
    factories.new_delivery(db_session, job, **{**WEBHOOK, "kind": "email"})
    factories.new_delivery(db_session, job, **{**WEBHOOK, "event": "job.started"})
    factories.new_delivery(db_session, new_job(), **WEBHOOK)

    with pytest.raises(IntegrityError):
        factories.new_delivery(db_session, job, **WEBHOOK, target="https://example.org/another")


def test_a_new_message_is_due_at_once(db_session: Session) -> None:
    delivery = factories.new_delivery(db_session)

    db_session.refresh(delivery)

    assert delivery.status == DeliveryStatus.PENDING.value
    assert delivery.next_attempt_at is not None
    assert delivery.next_attempt_at <= utcnow()
    assert (delivery.attempts, delivery.claim_token) == (0, None)


def test_messages_end_with_their_job(db_session: Session) -> None:
    delivery, kept = factories.new_delivery(db_session), factories.new_delivery(db_session)

    db_session.delete(delivery.job)
    db_session.commit()

    assert db_session.scalars(select(Delivery)).all() == [kept]


def test_the_id_is_the_one_that_recipients_see(db_session: Session) -> None:
    delivery = factories.new_delivery(db_session)

    assert repr(delivery) == delivery.id
    assert delivery.id.startswith("msg_")
