"""A new event: a row in the table, and the call where it happens."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from config import ROOT
from upscaler.models import ENDED, Delivery, Job, JobStatus, utcnow
from upscaler.services.notifications import mail, outbox
from upscaler.services.notifications.events import EVENTS, Event, end_of_job
from upscaler.services.notifications.mail import MailChannel
from upscaler.services.notifications.message import Message
from upscaler.services.notifications.smtp import MailServer

STARTED = Event("job.started", subject="Your job has started", text="It is the first in the queue.")


def test_every_end_of_a_job_is_an_event() -> None:
    assert {end_of_job(status).name for status in ENDED} == {f"job.{status.value}" for status in ENDED}


def test_every_event_stands_in_the_documentation_of_webhooks() -> None:
    listed = re.search(r"^\| `type` \| (.+) \|$", (ROOT / "docs" / "webhooks.md").read_text(), re.MULTILINE)

    assert listed is not None
    assert re.findall(r"`([a-z_.]+)`", listed[1]) == list(EVENTS)


def test_a_further_event_is_reported_beside_the_end_and_once(
    db_session: Session, new_job: Callable[..., Job]
) -> None:
    job = new_job(notify_email="layla@example.org")

    for event in (STARTED, STARTED, end_of_job(JobStatus.COMPLETED)):
        outbox.write(db_session, job.id, event, utcnow())
    db_session.commit()

    rows = list(db_session.scalars(select(Delivery).order_by(Delivery.event)))
    assert [row.event for row in rows] == ["job.completed", "job.started"]
    assert rows[1].payload["type"] == "job.started"
    assert rows[1].payload["data"]["status"] == "queued"


def test_its_e_mail_has_its_words(
    new_message: Callable[..., Message], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(mail, "EVENTS", {STARTED.name: STARTED})
    channel = MailChannel(MailServer("127.0.0.1", 1), "images@example.org", tmp_path)

    message = channel.compose(new_message("layla@example.org", payload={"type": "job.started", "data": {}}))

    assert message["Subject"] == "Your job has started"
    body = message.get_body(("plain",))
    assert body is not None
    assert "It is the first in the queue." in body.get_content()
