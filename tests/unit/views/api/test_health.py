"""The health of the service."""

from __future__ import annotations

from sqlalchemy.orm import Session

from tests import factories
from tests.unit.views.api.conftest import Program


def test_it_is_degraded_while_a_job_waits_and_no_worker_is_online(visitor: Program, session: Session) -> None:
    idle = visitor.get("/health?strict=1")
    visitor.upload()
    waiting, strict = visitor.get("/health"), visitor.get("/health?strict=1")
    factories.new_worker(session)
    served = visitor.get("/health?strict=1")

    assert [
        (answer.status_code, answer.get_json()["status"]) for answer in (idle, waiting, strict, served)
    ] == [
        (200, "ok"),
        (200, "degraded"),
        (503, "degraded"),
        (200, "ok"),
    ]
