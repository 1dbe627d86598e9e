"""Bodies of JSON."""

from __future__ import annotations

import pytest

from tests.unit.views.api.conftest import Program


@pytest.mark.parametrize(
    "body", [b"[]", b"[" * 60_000, b'{"url": "\\ud800"}', b'{"url": "' + b"x" * 100_000 + b'"}', b"1"]
)
def test_json_that_is_no_object_is_refused(caller: Program, body: bytes) -> None:
    answer = caller.post("/uploads", data=body, content_type="application/json")

    assert (answer.status_code, answer.get_json()["code"]) == (400, "invalid_request")


def test_what_is_no_json_is_refused_with_its_place(caller: Program) -> None:
    answer = caller.post("/uploads", data=b'{"factor": "2x",\n "url" }', content_type="application/json")

    problem = answer.get_json()
    assert (answer.status_code, problem["code"]) == (400, "invalid_json")
    assert (problem["line"], problem["column"]) == (2, 8)
    assert problem["detail"] == "The body is not valid JSON: line 2, column 8."
