"""Periods in the queries of admins."""

from __future__ import annotations

import pytest

from tests.unit.views.api.conftest import Program


@pytest.mark.parametrize("path", ["jobs", "audit", "usage.csv"])
@pytest.mark.parametrize(
    "moment", ["9999-12-31", "9999-12-31T23:59:59-14:00", "0001-01-01", "0001-01-01T00:00:00%2B14:00"]
)
def test_moments_that_no_calendar_reaches_are_refused(admin: Program, path: str, moment: str) -> None:
    for side in ("from", "to"):
        answer = admin.get(f"/admin/{path}?{side}={moment}")

        assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid_parameter")
        assert side in answer.get_json()["detail"]
