"""Headers about a client's rate limits."""

from __future__ import annotations

import re
import time

import pytest

from tests.unit.views.api.conftest import Program


def test_limits_stand_in_headers_and_polls_have_one(visitor: Program) -> None:
    answers = [visitor.get("/jobs/job_unknown") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [404, 404, 429]
    assert answers[0].headers["RateLimit-Policy"] == '"minute";q=2;w=60'
    assert re.fullmatch(r'"minute";r=1;t=\d+', answers[0].headers["RateLimit"])
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 60, "never longer than the window itself"
    assert "Retry-After" not in answers[0].headers
    assert visitor.get("/health").status_code == 200
    assert "RateLimit" not in visitor.get("/health").headers


def test_a_refusal_never_asks_to_wait_longer_than_the_window(
    visitor: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)

    answers = [visitor.get("/jobs/job_unknown") for _ in range(3)]

    assert answers[2].headers["Retry-After"] == "60"
