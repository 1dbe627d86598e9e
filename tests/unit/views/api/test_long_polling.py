"""Polls that wait, and polls that nothing has changed for."""

from __future__ import annotations

import threading
import time

from sqlalchemy.orm import Session

from tests.unit.views.api.conftest import Program
from upscaler.services.jobs import lifecycle


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
