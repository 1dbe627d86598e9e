"""What all answers have in common, and requests that come twice."""

from __future__ import annotations

import gzip
import json
import re
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

from config import load
from tests.unit.views.api.conftest import NOBODY, Program, die, small_png
from upscaler import create_app
from upscaler.models import IdempotencyRecord, Job, utcnow
from upscaler.services import idempotency
from upscaler.services.jobs import lifecycle, submissions
from upscaler.storage import LocalStorage
from upscaler.views.api import OPERATIONS
from upscaler.views.api.operations import Access, Operation

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


def test_parallel_requests_with_one_key_make_one_job(api: Flask, session: Session) -> None:
    answers: list[Any] = []

    def send() -> None:
        answers.append(keyed(Program(api.test_client())))

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


def test_what_was_refused_may_be_tried_again_with_its_key(
    visitor: Program, api: Flask, session: Session
) -> None:
    settings = api.extensions["upscaler"].settings
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
    visitor: Program, session: Session, api: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = api.extensions["upscaler"].storage
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


def test_a_poll_is_answered_in_short_when_nothing_has_changed(visitor: Program, session: Session) -> None:
    job_id = visitor.upload().get_json()["job_id"]
    first = visitor.get(f"/jobs/{job_id}")
    same = visitor.get(f"/jobs/{job_id}", headers={"If-None-Match": first.headers["ETag"]})
    assert (same.status_code, same.data) == (304, b"")
    assert 1 <= int(first.headers["Retry-After"]) <= 15
    assert first.headers["Cache-Control"] == "no-store"

    lifecycle.cancel(session, job_id, "in a test")

    changed = visitor.get(f"/jobs/{job_id}", headers={"If-None-Match": first.headers["ETag"]})
    assert changed.get_json()["status"] == "canceled"
    assert "Retry-After" not in changed.headers


def test_a_poll_that_prefers_to_wait_is_answered_at_the_end(visitor: Program, session: Session) -> None:
    job_id = visitor.upload().get_json()["job_id"]
    threading.Timer(1, lambda: lifecycle.cancel(session, job_id, "in a test")).start()
    begun = time.monotonic()

    answer = visitor.get(f"/jobs/{job_id}", headers={"Prefer": "respond-async, wait=50"})

    assert answer.get_json()["status"] == "canceled"
    assert answer.headers["Preference-Applied"] == "wait=50"
    assert 0.5 < time.monotonic() - begun < 40


def test_limits_are_told_and_polls_have_one(api: Flask, visitor: Program, session: Session) -> None:
    api.extensions["upscaler"].settings.update(session, NOBODY, {"poll_rate_limit": "2 per minute"})

    answers = [visitor.get("/jobs/job_unknown") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [404, 404, 429]
    assert answers[0].headers["RateLimit-Policy"] == '"minute";q=2;w=60'
    assert re.fullmatch(r'"minute";r=1;t=\d+', answers[0].headers["RateLimit"])
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 60, "never longer than the window itself"
    assert "Retry-After" not in answers[0].headers
    assert visitor.get("/health").status_code == 200


def test_a_refusal_never_tells_to_wait_longer_than_the_window(
    api: Flask, visitor: Program, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.extensions["upscaler"].settings.update(session, NOBODY, {"poll_rate_limit": "1 per minute"})
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)

    answers = [visitor.get("/jobs/job_unknown") for _ in range(2)]

    assert answers[1].headers["Retry-After"] == "60"


def test_an_account_has_a_limit_of_its_own_for_uploads(
    api: Flask, with_key: WithKey, visitor: Program, session: Session
) -> None:
    limits = {"account_rate_limit": "2 per day", "rate_limit": "1 per hour"}
    api.extensions["upscaler"].settings.update(session, NOBODY, limits)
    layla = with_key("layla")

    assert [layla.upload().status_code for _ in range(3)] == [202, 202, 429]
    assert with_key("sven").upload().status_code == 202
    assert [visitor.upload().status_code for _ in range(2)] == [202, 429]


def test_a_requests_id_comes_back_and_stands_in_the_log(api: Flask, visitor: Program) -> None:
    named = visitor.upload(headers={"X-Request-ID": "mine-1"})
    unnamed = visitor.get("/health", headers={"X-Request-ID": "two words"})

    assert named.headers["X-Request-ID"] == "mine-1"
    assert re.fullmatch(r"[0-9a-f]{32}", unnamed.headers["X-Request-ID"])


def test_every_line_of_the_log_names_its_request(tmp_path: Path) -> None:
    app = create_app(load({"DATA_DIR": str(tmp_path)}, env_file=None))
    # Without tables the database refuses every question.
    answer = app.test_client().get("/api/v1/health", headers={"X-Request-ID": "mine-2"})

    assert answer.status_code == 503
    lines = [json.loads(line) for line in (tmp_path / "logs" / "web.log").read_text().splitlines()]
    assert [line["request_id"] for line in lines if line["event"] == "database.unavailable"] == ["mine-2"]
    app.extensions["upscaler"].submissions.close()


def test_long_answers_are_packed_for_those_who_can_unpack_them(visitor: Program) -> None:
    packed = visitor.get("/presets", headers={"Accept-Encoding": "gzip"})

    assert packed.headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(packed.data)) == visitor.get("/presets").get_json()
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert "Content-Encoding" not in visitor.get("/health", headers={"Accept-Encoding": "gzip"}).headers


def test_only_the_sites_that_the_operator_names_may_call_from_browsers(tmp_path: Path) -> None:
    settings = {"DATA_DIR": str(tmp_path), "CORS_ORIGINS": "https://app.example.org, https://b.example.org"}
    app = create_app(load(settings, env_file=None))
    client = app.test_client()
    ask = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}

    allowed = client.options("/api/v1/uploads", headers={"Origin": "https://app.example.org", **ask})
    refused = client.options("/api/v1/uploads", headers={"Origin": "https://evil.example", **ask})

    assert allowed.headers["Access-Control-Allow-Origin"] == "https://app.example.org"
    assert "Access-Control-Allow-Credentials" not in allowed.headers
    assert "Access-Control-Allow-Origin" not in refused.headers
    assert (
        "Access-Control-Allow-Origin"
        not in client.get("/", headers={"Origin": "https://app.example.org"}).headers
    )
    app.extensions["upscaler"].submissions.close()


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_a_parameter_that_nobody_knows_is_refused_in_every_query(
    admin: Program, session: Session, operation: Operation
) -> None:
    path = re.sub("<[^>]+>", "1", operation.path)

    answer = admin.request(operation.method, f"{path}?nobody_knows_this=1", json=None)

    if operation.scope is None and operation.access is not Access.OPEN:
        assert answer.get_json()["code"] == "keys_not_accepted"
    else:
        assert (answer.status_code, answer.get_json()["code"]) == (422, "unknown_parameter")
        assert "nobody_knows_this" in answer.get_json()["detail"]
