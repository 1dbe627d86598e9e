from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from tests.unit.views.api.conftest import Program, faults
from upscaler.views.api.schemas.periods import PeriodQuery

NOON = datetime(2025, 12, 7, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("2025-12-07", NOON.replace(hour=0)),
        ("2025-12-07T12:00:00Z", NOON),
        ("2025-12-07T12:00:00.500Z", NOON + timedelta(milliseconds=500)),
        ("2025-12-07T14:00:00+02:00", NOON),
        ("1970-01-01", datetime(1970, 1, 1, tzinfo=timezone.utc)),
        ("9998-12-31", datetime(9998, 12, 31, tzinfo=timezone.utc)),
    ],
)
def test_days_and_moments_are_read_in_utc(sent: str, read: datetime) -> None:
    assert PeriodQuery().load({"from": sent, "to": sent}) == {"since": read, "until": read}


def test_both_sides_may_be_left_open() -> None:
    assert PeriodQuery().load({}) == {"since": None, "until": None}


@pytest.mark.parametrize("path", ["jobs", "audit", "usage.csv"])
@pytest.mark.parametrize(
    "moment",
    [
        # Beyond all calendars.
        *("9999-12-31", "9999-12-31T23:59:59-14:00", "0001-01-01", "0001-01-01T00:00:00%2B14:00"),
        # No moment, or one without a zone.
        *("", "yesterday", "2025-13-01", "2025-02-30", "2025-12-7", "2025-12-07T12:00:00", "1765108800"),
    ],
)
def test_what_is_no_moment_is_refused_on_both_sides(admin: Program, path: str, moment: str) -> None:
    assert faults(admin.get(f"/admin/{path}?from={moment}&to={moment}&since={moment}")) == [
        ("since", "unknown_parameter"),
        ("from", "invalid_parameter"),
        ("to", "invalid_parameter"),
    ]
