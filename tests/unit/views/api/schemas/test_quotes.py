from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from tests import factories
from tests.support.strict_schemas import misfits
from tests.unit.views.api.conftest import Program
from upscaler.views.api.schemas.quotes import QuoteSchema


@pytest.mark.parametrize("source", ["", "&size_bytes=90000&mime_type=image/png"])
@pytest.mark.parametrize("workers", [0, 1])
def test_a_quote_fits_whatever_is_known(
    visitor: Program, session: Session, workers: int, source: str
) -> None:
    for _ in range(workers):
        factories.new_worker(session)

    quote = visitor.get(f"/quote?width=640&height=480&factor=4x{source}").get_json()

    assert misfits(QuoteSchema(), quote) == []
    unknown = {"status_reason"} if workers else {"waiting_seconds", "estimated_seconds"}
    if not source:
        unknown.add("estimated_bytes")
    assert {name for name, value in quote.items() if value is None} == unknown
