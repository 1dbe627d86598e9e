"""Requests with an ``Idempotency-Key``."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.unit.views.api.conftest import NOBODY, Program, die, small_png
from upscaler.models import IdempotencyRecord, Job, utcnow
from upscaler.services import idempotency
from upscaler.services.jobs import submissions
from upscaler.storage import LocalStorage

WithKey = Callable[..., Program]


def keyed(program: Program, key: str = "one", **fields: str) -> Any:
    return program.upload(headers={"Idempotency-Key": key}, **fields)


def test_a_repeated_request_gets_the_first_answer_and_makes_one_job(
    visitor: Program, session: Session
) -> None:
    first, second = keyed(visitor), keyed(visitor)

    assert (first.status_code, second.status_code) == (202, 202)
    assert second.get_json() == first.get_json()
    assert second.headers["Location"] == first.headers["Location"]
    assert second.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert session.query(Job).count() == 1


def test_parallel_requests_with_one_key_make_one_job(app: Flask, session: Session) -> None:
    answers: list[Any] = []

    def send() -> None:
        answers.append(keyed(Program(app.test_client())))

    threads = [threading.Thread(target=send) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.get_json()["job_id"] for answer in answers}) == 1
    assert session.query(Job).count() == 1


def test_a_key_that_came_with_something_else_is_refused(visitor: Program, session: Session) -> None:
    job_id = keyed(visitor).get_json()["job_id"]

    for answer in (
        keyed(visitor, factor="4x"),
        visitor.post(f"/jobs/{job_id}/cancel", headers={"Idempotency-Key": "one"}),
    ):
        assert (answer.status_code, answer.get_json()["code"]) == (422, "idempotency_conflict")
    assert session.query(Job).count() == 1


def test_what_was_refused_may_be_repeated_with_its_key(
    visitor: Program, app: Flask, session: Session
) -> None:
    settings = app.extensions["upscaler"].settings
    settings.update(session, NOBODY, {"queue_limit": 1})
    visitor.upload()
    assert keyed(visitor).get_json()["code"] == "queue_full"

    settings.update(session, NOBODY, {"queue_limit": 10})

    assert keyed(visitor).status_code == 202


def test_keys_of_one_caller_are_nothing_to_another(visitor: Program, with_key: WithKey) -> None:
    first, second = keyed(visitor), keyed(with_key("layla"))

    assert first.get_json()["job_id"] != second.get_json()["job_id"]


def test_an_answer_is_kept_for_a_day_and_a_dead_request_gives_way(visitor: Program, session: Session) -> None:
    first = keyed(visitor).get_json()["job_id"]
    session.query(IdempotencyRecord).update({"created_at": utcnow() - timedelta(hours=25)})
    session.commit()
    second = keyed(visitor).get_json()["job_id"]
    assert second != first

    session.query(IdempotencyRecord).update(
        {"status": None, "lease_expires_at": utcnow() - timedelta(minutes=6)}
    )
    session.commit()

    assert keyed(visitor).get_json()["job_id"] != second


def test_a_request_that_died_half_a_minute_ago_gives_way(visitor: Program, session: Session) -> None:
    first = keyed(visitor).get_json()["job_id"]
    session.query(IdempotencyRecord).update(
        {"status": None, "lease_expires_at": utcnow() - timedelta(seconds=10)}
    )
    session.commit()

    assert keyed(visitor).get_json()["job_id"] != first


def test_an_image_is_one_job_also_when_its_host_dies_before_it_answers(
    visitor: Program, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(submissions, "dispatch", die)
        assert keyed(visitor).status_code == 500

    again = keyed(visitor)

    assert (again.status_code, again.headers.get("Idempotency-Replayed")) == (202, "true")
    assert [job.id for job in session.query(Job)] == [again.get_json()["job_id"]]


@pytest.mark.parametrize("of_a_batch", [False, True])
def test_a_new_run_is_one_also_when_its_host_dies_before_it_answers(
    admin: Program, session: Session, monkeypatch: pytest.MonkeyPatch, of_a_batch: bool
) -> None:
    if of_a_batch:
        sent = admin.post("/batches", data={"file": [(BytesIO(small_png()), "a.png")], "factor": "2x"})
        path = f"/batches/{sent.get_json()['id']}/retry"
    else:
        path = f"/jobs/{admin.upload().get_json()['job_id']}/requeue"
    job = session.query(Job).one()
    job.status = "failed"
    session.commit()

    with monkeypatch.context() as patched:
        patched.setattr(submissions, "dispatch", die)
        assert admin.post(path, headers={"Idempotency-Key": "one"}).status_code == 500
    again = admin.post(path, headers={"Idempotency-Key": "one"})

    assert (again.status_code, again.headers.get("Idempotency-Replayed")) == (202, "true")
    [run] = [found for found in session.query(Job) if found.parent_id == job.id]
    assert run.id in again.get_data(as_text=True)


def test_a_request_that_is_at_work_says_so(
    visitor: Program, session: Session, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = app.extensions["upscaler"].storage
    monkeypatch.setattr(idempotency, "HEARTBEAT_SECONDS", 0.05)
    signs = []

    def slowly(key: str, source: Path) -> None:
        deadline = time.monotonic() + 60
        while len(set(signs)) < 3 and time.monotonic() < deadline:
            signs.append(session.scalars(select(IdempotencyRecord.lease_expires_at)).one())
            session.rollback()
            time.sleep(0.05)
        LocalStorage.save(storage, key, source)

    monkeypatch.setattr(storage, "save", slowly)

    assert keyed(visitor).status_code == 202
    assert len(set(signs)) == 3


@pytest.mark.parametrize("key", ["", "two words", "x" * 256, "\xe9"])
def test_a_key_that_is_no_key_is_refused(visitor: Program, key: str) -> None:
    assert keyed(visitor, key).get_json()["code"] == "invalid_parameter"
