"""Quotes."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from tests import factories
from tests.unit.views.api.conftest import Program


def test_a_quote_gives_size_time_and_place_in_the_queue(visitor: Program, session: Session) -> None:
    without_workers = visitor.get("/quote?width=2000&height=1000&factor=4x&preset=photo").get_json()
    assert (without_workers["estimated_seconds"], without_workers["waiting_seconds"]) == (None, None)
    assert without_workers["status_reason"]["code"] == "no_worker_online"
    factories.new_worker(session)
    empty = visitor.get("/quote?width=2000&height=1000&factor=4x&preset=photo").get_json()
    visitor.upload()
    behind = visitor.get("/quote?width=2000&height=1000&factor=4x&preset=photo").get_json()

    assert (empty["output_width"], empty["output_height"]) == (8000, 4000)
    assert empty["output_pixels"] == 32_000_000
    assert empty["estimated_bytes"] is None
    assert empty["estimated_seconds"] == empty["own_seconds"] >= 1
    assert (empty["queue_position"], behind["queue_position"]) == (1, 2)
    assert behind["waiting_seconds"] >= 1


@pytest.mark.parametrize(
    ("source", "is_estimated"),
    [
        ("size_bytes=90000&mime_type=image/jpeg", True),
        ("size_bytes=90000&mime_type=image/bmp", False),
        ("size_bytes=90000&mime_type=", False),
        ("size_bytes=90000", False),
        ("mime_type=image/jpeg", False),
    ],
)
def test_the_size_of_the_file_follows_from_that_of_the_source(
    visitor: Program, source: str, is_estimated: bool
) -> None:
    answer = visitor.get(f"/quote?width=640&height=480&factor=2x&{source}").get_json()
    assert (answer["estimated_bytes"] is not None) == is_estimated


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("width=9000&height=10&factor=2x", "too_many_pixels"),
        ("width=8000&height=8000&factor=4x", "result_too_large"),
        ("width=0&height=1&factor=2x", "invalid_parameter"),
        ("height=10&factor=2x", "missing_parameter"),
        ("width=10&height=10&factor=2x&size_bytes=0&mime_type=image/png", "invalid_parameter"),
        ("width=10&height=10&factor=2x&size_bytes=x&mime_type=image/png", "invalid_parameter"),
        ("width=10&height=10", "missing_parameter"),
        ("width=10&height=10&factor=5x", "invalid_parameter"),
    ],
)
def test_a_quote_for_what_would_be_refused_says_so(visitor: Program, query: str, code: str) -> None:
    answer = visitor.get(f"/quote?{query}")

    assert (answer.status_code, answer.get_json()["code"]) == (422, code)
