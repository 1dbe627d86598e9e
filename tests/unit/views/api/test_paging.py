from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from marshmallow import ValidationError

from upscaler.views.api.paging import DEFAULT_LIMIT, MAX_LIMIT, Moment, PageQuery, day_after


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2025-12-07", datetime(2025, 12, 7, tzinfo=timezone.utc)),
        ("2025-12-07T12:34:56Z", datetime(2025, 12, 7, 12, 34, 56, tzinfo=timezone.utc)),
        ("2025-12-07T12:34:56+02:00", datetime(2025, 12, 7, 10, 34, 56, tzinfo=timezone.utc)),
    ],
)
def test_a_moment_is_a_day_or_a_time_with_its_zone(text: str, moment: datetime) -> None:
    assert Moment().deserialize(text) == moment


@pytest.mark.parametrize(
    "text", ["yesterday", "2025-13-01", "2025-12-07T12:34:56", "1969-12-31", "9999-01-01", 7]
)
def test_anything_else_is_no_moment(text: Any) -> None:
    with pytest.raises(ValidationError):
        Moment().deserialize(text)


def test_a_day_ends_with_the_next_one_and_a_time_is_its_own_end() -> None:
    noon = datetime(2025, 12, 31, 12, tzinfo=timezone.utc)

    assert day_after(datetime(2025, 12, 31, tzinfo=timezone.utc)) == datetime(2026, 1, 1, tzinfo=timezone.utc)
    assert day_after(noon) == noon


def test_a_page_has_a_usual_size_and_a_largest_one() -> None:
    assert PageQuery().load({}) == {"limit": DEFAULT_LIMIT, "cursor": None}
    assert PageQuery().load({"limit": str(MAX_LIMIT)})["limit"] == MAX_LIMIT
    for wrong in ({"limit": MAX_LIMIT + 1}, {"limit": 0}, {"cursor": ""}):
        with pytest.raises(ValidationError):
            PageQuery().load(wrong)
