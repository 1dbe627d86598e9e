from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests import factories
from tests.support.strict_schemas import misfits
from tests.unit.views.api.conftest import Program, described, faults
from upscaler.services.settings.definitions import DEFINITIONS
from upscaler.views.api.schemas.service import AuditLogListSchema, SettingsSchema, WorkerListSchema


def test_the_settings_in_force_fit_and_can_be_sent_again(admin: Program) -> None:
    in_force = admin.get("/admin/settings").get_json()

    assert misfits(SettingsSchema(), in_force) == []
    assert described("SettingsBody").is_valid(in_force)
    again = admin.request("PATCH", "/admin/settings", json=in_force)
    assert (again.status_code, again.get_json()) == (200, in_force)


@pytest.mark.parametrize("key", DEFINITIONS)
def test_a_value_of_another_kind_is_refused_as_the_description_says(admin: Program, key: str) -> None:
    before = admin.get("/admin/settings").get_json()
    wrong: dict[str, Any] = {key: {"a": 1}}

    assert not described("SettingsBody").is_valid(wrong)
    assert faults(admin.request("PATCH", "/admin/settings", json=wrong)) == [(key, "invalid_parameter")]
    assert admin.get("/admin/settings").get_json() == before


def test_a_setting_that_is_none_is_refused(admin: Program) -> None:
    assert not described("SettingsBody").is_valid({"colour": "red"})
    assert faults(admin.request("PATCH", "/admin/settings", json={"colour": "red"})) == [
        ("colour", "unknown_parameter")
    ]


def test_lists_of_workers_and_of_the_audit_log_fit(admin: Program, session: Session) -> None:
    factories.new_worker(session, backend={"engine": "ncnn", "device": "GPU", "gpu": True})
    factories.new_worker(session)
    factories.new_audit_log(session)
    factories.new_audit_log(session, "login.failed", username="")

    assert misfits(WorkerListSchema(), admin.get("/admin/workers").get_json()) == []
    assert misfits(AuditLogListSchema(), admin.get("/admin/audit").get_json()) == []


def test_each_wrong_filter_of_the_audit_log_is_listed(admin: Program) -> None:
    query = f"entity=job&q=&user={'x' * 101}&action=%00&from=1&to=2025-00-01&limit=101&cursor={'x' * 2000}"

    answer = admin.get(f"/admin/audit?{query}")

    assert faults(answer) == [
        ("entity", "unknown_parameter"),
        *((name, "invalid_parameter") for name in ("cursor", "from", "limit", "q", "to", "user")),
    ]
    assert faults(admin.get("/admin/audit?action=%00")) == [("action", "invalid_parameter")]
