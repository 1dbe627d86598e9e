"""The audit log, searched by admins."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from sqlalchemy.orm import Session

from tests import factories
from tests.unit.views.api.conftest import Program

DAY = datetime(2025, 12, 7, 12, tzinfo=timezone.utc)


@pytest.fixture
def ids(session: Session) -> dict[str, int]:
    """Three rows of three days, by name."""
    canceled = factories.new_audit_log(
        session, "job.cancel", username="omar", entity_type="job", entity_id="job_1", created_at=DAY
    )
    deleted = factories.new_audit_log(
        session,
        "user.delete",
        username="layla",
        entity_type="user",
        entity_id="7",
        details={"username": "sven"},
        ip_address="198.51.100.4",
        created_at=DAY.replace(day=8),
    )
    failed = factories.new_audit_log(
        session, "login.failed", username="", ip_address="2001:db8::1", created_at=DAY.replace(day=9)
    )
    return {"canceled": canceled.id, "deleted": deleted.id, "failed": failed.id}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("to=2025-12-09", ["failed", "deleted", "canceled"]),
        ("user=LAY", ["deleted"]),
        ("action=job.cancel", ["canceled"]),
        ("q=job_1", ["canceled"]),
        ("q=198.51.100", ["deleted"]),
        ("q=2001:db8", ["failed"]),
        ("q=%25", []),
        ("from=2025-12-08&to=2025-12-08", ["deleted"]),
        ("from=2025-12-08T12:00:01Z&to=2025-12-09T12:00:00Z", []),
        ("user=omar&action=user.delete", []),
    ],
)
def test_rows_are_found_the_newest_first(
    admin: Program, ids: dict[str, int], query: str, expected: list[str]
) -> None:
    answer = admin.get(f"/admin/audit?{query}")

    assert [row["id"] for row in answer.get_json()["items"]] == [ids[name] for name in expected]
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_row_names_the_account_the_thing_and_the_address(admin: Program, ids: dict[str, int]) -> None:
    [row] = admin.get("/admin/audit?action=user.delete").get_json()["items"]

    assert row == {
        "id": ids["deleted"],
        "created_at": "2025-12-08T12:00:00Z",
        "user_id": None,
        "username": "layla",
        "action": "user.delete",
        "entity_type": "user",
        "entity_id": "7",
        "details": {"username": "sven"},
        "ip_address": "198.51.100.4",
    }


def test_pages_go_on_where_the_one_before_ended(
    admin: Program, session: Session, ids: dict[str, int]
) -> None:
    first = admin.get("/admin/audit?limit=2&to=2025-12-31").get_json()
    factories.new_audit_log(session, created_at=DAY.replace(day=10))
    second = admin.get(f"/admin/audit?limit=2&to=2025-12-31&cursor={first['next_cursor']}").get_json()

    assert [row["id"] for row in first["items"]] == [ids["failed"], ids["deleted"]]
    assert [row["id"] for row in second["items"]] == [ids["canceled"]]
    assert second["next_cursor"] is None
