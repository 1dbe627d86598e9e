from __future__ import annotations

import pytest
from flask import Flask

from tests.unit.views.api.conftest import NOBODY, Program
from upscaler.extensions import db


@pytest.mark.parametrize(
    ("rate", "begin"),
    [
        ("1 per minute", "You've used your 1 image for this minute. Try again in "),
        ("2 per hour", "You've used your 2 images for this hour. Try again in 60 minutes."),
        ("2 per day", "You've used your 2 images for today. Try again in 24 hours."),
        ("2 per 3 hours", "You've used your 2 images for now. Try again in 3 hours."),
    ],
)
def test_a_refused_upload_names_what_was_used_and_how_long_to_wait(
    app: Flask, visitor: Program, rate: str, begin: str
) -> None:
    app.extensions["upscaler"].settings.update(db.session, NOBODY, {"rate_limit": rate})

    answers = [visitor.post("/uploads") for _ in range(int(rate[0]) + 1)]

    assert [answer.status_code for answer in answers[-2:]] == [422, 429]
    assert answers[-1].get_json()["detail"].startswith(begin)


def test_other_refusals_name_how_long_to_wait(app: Flask, visitor: Program) -> None:
    app.extensions["upscaler"].settings.update(db.session, NOBODY, {"poll_rate_limit": "1 per hour"})

    _, refused = (visitor.get("/jobs/job_unknown") for _ in range(2))

    assert refused.get_json()["detail"] == "Too many requests. Try again in 60 minutes."
