from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy.dialects import postgresql, sqlite

from upscaler.models.types import UTCDateTime, iso8601, random_id, utcnow

CAIRO = timezone(timedelta(hours=2))
NOON = datetime(2025, 12, 7, 12, tzinfo=timezone.utc)


def test_a_time_is_shown_in_utc_to_the_second() -> None:
    assert iso8601(datetime(2025, 12, 7, 14, 34, 56, 999, CAIRO)) == "2025-12-07T12:34:56Z"
    assert iso8601(None) is None
    assert utcnow().tzinfo is timezone.utc


def test_an_id_has_its_prefix_and_never_comes_again() -> None:
    first, second = random_id("job"), random_id("job")

    assert first != second
    assert first.startswith("job_")
    assert len(first) == len("job_") + 32


@pytest.mark.parametrize("dialect", [sqlite.dialect(), postgresql.dialect()])
def test_a_time_comes_back_as_it_went_in(dialect: sqlite.dialect) -> None:
    kind = UTCDateTime()

    stored = kind.process_bind_param(NOON.astimezone(CAIRO), dialect)

    assert stored is not None
    assert (stored.tzinfo is None) is (dialect.name == "sqlite")
    assert kind.process_result_value(stored, dialect) == NOON


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        UTCDateTime().process_bind_param(NOON.replace(tzinfo=None), sqlite.dialect())
