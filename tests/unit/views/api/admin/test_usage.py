"""The usage table."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

from tests.unit.views.api.conftest import Program

WithKey = Callable[..., Program]


def test_usage_is_exported_by_day_and_account(admin: Program, with_key: WithKey, visitor: Program) -> None:
    layla = with_key("layla")
    layla.upload()
    layla.upload()
    visitor.upload()

    answer = admin.get("/admin/usage.csv")

    assert answer.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert {(row["username"], row["jobs"], row["input_pixels"]) for row in rows} == {
        ("layla", "2", "128"),
        ("", "1", "64"),
    }
    assert len(admin.get("/admin/usage.csv?to=2020-01-01").text.splitlines()) == 1
