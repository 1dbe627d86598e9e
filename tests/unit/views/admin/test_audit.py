from __future__ import annotations

from datetime import datetime, timezone

import pytest
from sqlalchemy.orm import Session

from tests import factories


@pytest.fixture
def rows(session: Session) -> None:
    day = datetime(2025, 12, 7, 12, tzinfo=timezone.utc)
    factories.new_audit_log(
        session, "job.cancel", username="omar", entity_type="job", entity_id="job_1", created_at=day
    )
    factories.new_audit_log(
        session,
        "user.delete",
        username="layla",
        entity_type="user",
        entity_id="7",
        details={"username": "<i>sven</i>"},
        ip_address="198.51.100.4",
        created_at=day.replace(day=9),
    )


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"omar", "layla"}),
        ("user=lay", {"layla"}),
        ("action=job.cancel", {"omar"}),
        ("action=never.done", {"omar", "layla"}),
        ("from=2025-12-08", {"layla"}),
        ("to=2025-12-07", {"omar"}),
        ("q=198.51.100", {"layla"}),
        ("q=JOB_1", {"omar"}),
        ("q=nothing+like+it", set()),
    ],
)
def test_the_trail_shows_what_was_asked_for(admin, rows: None, query: str, found: set[str]) -> None:
    page = admin.get(f"/admin/audit?{query}").text

    assert {name for name in ("omar", "layla") if f"<bdi>{name}</bdi>" in page} == found


def test_details_are_shown_as_text(admin, rows: None) -> None:
    page = admin.get("/admin/audit").text

    assert "&lt;i&gt;sven&lt;/i&gt;" in page
    assert "<i>sven" not in page


def test_the_trail_is_only_read(admin) -> None:
    page = admin.get("/admin/audit").text

    assert page.partition("<main")[2].count('method="post"') == 0
