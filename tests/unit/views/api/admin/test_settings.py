"""Settings that admins change."""

from __future__ import annotations

from sqlalchemy.orm import Session

from tests.unit.views.api.conftest import Program
from upscaler.models import Setting


def test_settings_are_changed_all_or_none_and_noted(admin: Program, session: Session) -> None:
    refused = admin.post("/admin/settings", json={"queue_limit": 7, "rate_limit": "often"})
    assert refused.get_json()["code"] == "invalid_parameter"
    assert admin.post("/admin/settings", json={"colour": 1}).get_json()["code"] == "unknown_parameter"
    assert admin.post("/admin/settings", data="[]").get_json()["code"] == "invalid_request"
    assert session.query(Setting).count() == 0

    answer = admin.post("/admin/settings", json={"queue_limit": 7, "require_login": True})

    assert answer.get_json()["queue_limit"] == 7
    assert admin.get("/admin/settings").get_json()["require_login"] is True
    rows = admin.get("/admin/audit?action=setting.change&user=abdul").get_json()["items"]
    assert {row["entity_id"] for row in rows} == {"queue_limit", "require_login"}
    assert admin.get("/admin/audit?action=setting.change&q=queue").get_json()["items"][0]["details"] == {
        "from": 1000,
        "to": 7,
    }
    assert admin.get("/admin/audit?to=2020-01-01").get_json()["items"] == []


def test_settings_are_changed_by_patch_as_well(admin: Program) -> None:
    assert admin.request("PATCH", "/admin/settings", json={"queue_limit": 7}).get_json()["queue_limit"] == 7
