"""Senders over a real outbox, a real receiver and a real mail server."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker
from standardwebhooks import Webhook

from config import ROOT, Config, derived_keys, keys, load
from tests.support.mail import mail_server
from tests.support.receiver import receiver, status
from tests.support.service import environment
from upscaler.models import Delivery, Job, utcnow
from upscaler.services.files.links import LinkSigner
from upscaler.services.jobs import lifecycle
from upscaler.services.notifications import outbox
from upscaler.services.notifications.backoff import PAUSES
from upscaler.services.notifications.sender import Sender
from upscaler.services.notifications.signing import derive
from upscaler.services.worker_registry import WorkerServices

NewJob = Callable[..., Job]
Sessions = sessionmaker[Session]
KEY = "k" * 40


def settings(**values: str) -> dict[str, str]:
    return {"SECRET_KEY": KEY, "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.1/32", **values}


def build_sender(config: Config, sessions: Sessions, clock: Callable[[], datetime] = utcnow) -> Sender:
    return WorkerServices.from_config(config, sessions=sessions).sender(clock)


@pytest.fixture
def completed(db_session: Session, new_job: NewJob) -> Callable[..., Job]:
    """Return a function that makes a completed job, with a webhook where there is a URL."""

    def build(url: str | None = None, **values: object) -> Job:
        job = new_job(**values)
        if url:
            job.params = {**job.params, "callback_url": url}
            db_session.commit()
        claim = lifecycle.claim(db_session, job.id, "one", 60)
        assert claim is not None
        assert lifecycle.complete(db_session, claim, {"result_path": "results/ab/a.png"}, [], utcnow())
        return job

    return build


class Clock:
    """A clock that a test can put forward."""

    def __init__(self) -> None:
        self.ahead = timedelta(seconds=1)

    def __call__(self):
        return utcnow() + self.ahead


def rows(session: Session) -> list[Delivery]:
    session.expire_all()
    return list(session.scalars(select(Delivery)))


def test_the_message_carries_a_link_that_was_signed_when_it_was_sent(
    database: Engine, db_session: Session, completed: Callable[..., Job]
) -> None:
    config = load(settings(PUBLIC_URL="https://images.example.org/"), env_file=None)
    with receiver() as found:
        job = completed(found.url())
        assert build_sender(config, sessionmaker(database)).send_next()

    message = Webhook(derive(KEY)).verify(found.requests[0].body, found.requests[0].headers)
    assert message["data"]["job_id"] == job.id
    assert message["data"]["job_url"] == f"https://images.example.org/jobs/{job.id}"
    link = urlsplit(message["data"]["result_file"])
    assert (link.scheme, link.netloc, link.path) == (
        "https",
        "images.example.org",
        "/files/results/ab/a.png",
    )
    query = {name: values[0] for name, values in parse_qs(link.query).items()}
    LinkSigner(derived_keys(config, keys.LINKS), 60).verify(
        "results/ab/a.png", query["name"], query["expires"], query["signature"], time.time()
    )
    assert 86_000 < int(query["expires"]) - time.time() <= 86_460
    [row] = rows(db_session)
    assert (row.status, row.attempts, row.last_status) == ("delivered", 1, 200)


def test_without_a_public_address_it_carries_no_links(
    database: Engine, completed: Callable[..., Job]
) -> None:
    with receiver() as found:
        completed(found.url())
        build_sender(load(settings(), env_file=None), sessionmaker(database)).send_next()

    data = Webhook(derive(KEY)).verify(found.requests[0].body, found.requests[0].headers)["data"]
    assert data["status"] == "completed"
    assert data["result_file"] is None
    assert data["job_url"] is None


def test_after_an_error_the_same_message_is_sent_again(
    database: Engine, db_session: Session, completed: Callable[..., Job]
) -> None:
    clock = Clock()
    sender = build_sender(load(settings(), env_file=None), sessionmaker(database), clock)
    with receiver(status(500)) as found:
        completed(found.url())
        assert sender.send_next()
        assert not sender.send_next(), "it is not due yet"
        clock.ahead += PAUSES[0]
        found.answer = status(200)
        assert sender.send_next()
        assert not sender.send_next()

    first, second = found.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    [row] = rows(db_session)
    assert (row.status, row.attempts, row.last_status) == ("delivered", 2, 200)


@pytest.mark.parametrize(("code", "state"), [(410, "gone"), (302, "pending")])
def test_what_the_receiver_wants_is_written_down(
    database: Engine, db_session: Session, completed: Callable[..., Job], code: int, state: str
) -> None:
    sender = build_sender(load(settings(), env_file=None), sessionmaker(database), Clock())
    with receiver(status(code, Location="/elsewhere")) as found:
        completed(found.url())
        sender.send_next()

    assert [(row.status, row.last_status) for row in rows(db_session)] == [(state, code)]


SENDER = """
import sys
from config import load
from upscaler.services.worker_registry import WorkerServices
WorkerServices.from_config(load(env_file=None)).sender().send_next()
"""


def test_a_sender_that_is_killed_before_it_can_write_down_the_answer_is_replaced(
    database: Engine, db_session: Session, completed: Callable[..., Job], tmp_path: Path
) -> None:
    values = settings(DATABASE_URL=str(database.url))
    with receiver() as found:
        found.answer = lambda _: found.released.wait(60) and None
        completed(found.url())
        victim = subprocess.Popen(
            [sys.executable, "-c", SENDER],
            cwd=ROOT,
            env=environment(tmp_path, 0, **values) | {"PORT": "8000"},
        )
        assert found.arrived.wait(120)
        # The message is out, and nobody will ever write down what came of it.
        victim.kill()
        victim.wait()

        clock = Clock()
        sender = build_sender(load(values, env_file=None), sessionmaker(database), clock)
        assert not sender.send_next(), "the lease of the dead sender still runs"
        clock.ahead += timedelta(seconds=outbox.LEASE_SECONDS + 1)
        found.answer = status(200)
        assert sender.send_next()
        assert not sender.send_next()

    first, second = found.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    [row] = rows(db_session)
    assert (row.status, row.attempts) == ("delivered", 2)


def test_mail_takes_the_same_way(
    database: Engine, db_session: Session, completed: Callable[..., Job]
) -> None:
    with mail_server() as box:
        mail = {
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(box.port),
            "SMTP_SECURITY": "none",
            "MAIL_FROM": "images@example.org",
            "PUBLIC_URL": "https://images.example.org",
        }
        job = completed(notify_email="layla@example.org", language="ar")
        assert build_sender(
            load(settings(**mail), env_file=None), sessionmaker(database), Clock()
        ).send_next()

    [message] = box.messages
    assert message["To"] == "layla@example.org"
    body = message.get_body(("plain",))
    assert body is not None
    assert f"https://images.example.org/jobs/{job.id}" in body.get_content()
    assert rows(db_session)[0].status == "delivered"


def test_mail_waits_while_there_is_no_mail_server_in_the_settings(
    database: Engine, db_session: Session, completed: Callable[..., Job]
) -> None:
    completed(notify_email="layla@example.org")

    assert build_sender(load(settings(), env_file=None), sessionmaker(database), Clock()).send_next()

    [row] = rows(db_session)
    assert (row.status, row.attempts) == ("pending", 1)
    assert "no settings for sending mail" in (row.last_error or "")
