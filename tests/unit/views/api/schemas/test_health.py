from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from tests import factories
from tests.support.strict_schemas import misfits
from tests.unit.views.api.conftest import Program, faults
from upscaler.views.api.schemas.health import HealthSchema


@pytest.mark.parametrize(
    ("query", "status"),
    [("", 200), ("?strict=0", 200), ("?strict=false", 200), ("?strict=1", 503), ("?strict=true", 503)],
)
def test_the_check_is_as_strict_as_it_is_asked_to_be(
    visitor: Program, session: Session, query: str, status: int
) -> None:
    factories.new_job(session)

    answer = visitor.get(f"/health{query}")

    assert answer.status_code == status
    assert misfits(HealthSchema(), answer.get_json()) == []


@pytest.mark.parametrize("value", ["", "2", "yes", "TRUE", "null"])
def test_other_values_and_parameters_are_refused(visitor: Program, value: str) -> None:
    assert faults(visitor.get(f"/health?strict={value}&deep=1")) == [
        ("deep", "unknown_parameter"),
        ("strict", "invalid_parameter"),
    ]


def test_the_health_of_an_idle_service_fits(visitor: Program, session: Session) -> None:
    factories.new_worker(session)

    assert misfits(HealthSchema(), visitor.get("/health").get_json()) == []
