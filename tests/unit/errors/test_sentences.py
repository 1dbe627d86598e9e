from __future__ import annotations

from typing import Any

import pytest

from upscaler.errors.sentences import filled

LIMIT = "Use up to %(limit)s characters."


@pytest.mark.parametrize(
    ("values", "text"),
    [({"limit": 64}, "Use up to 64 characters."), (None, LIMIT), ({}, LIMIT), ({"bound": 64}, LIMIT)],
    ids=["filled", "none", "empty", "of another version"],
)
def test_values_that_do_not_fit_leave_the_template(values: dict[str, Any] | None, text: str) -> None:
    assert filled(LIMIT, values) == text


def test_values_are_isolated_in_right_to_left_text() -> None:
    assert filled("%(name)s", {"name": "a b"}, right_to_left=True) == "\u2068a b\u2069"
