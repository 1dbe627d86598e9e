from __future__ import annotations

import pytest
from marshmallow import Schema, ValidationError

from upscaler.views.api.schemas.truth import Truth


class Switch(Schema):
    on = Truth()


@pytest.mark.parametrize("value", [True, False])
def test_true_and_false_are_taken(value: bool) -> None:
    assert Switch().load({"on": value}) == {"on": value}


@pytest.mark.parametrize("value", [0, 1, 1.0, "true", "false", "on", "", None, [], [True], {}])
def test_nothing_else_stands_for_them(value: object) -> None:
    with pytest.raises(ValidationError) as raised:
        Switch().load({"on": value})

    assert list(raised.value.normalized_messages()) == ["on"]


def test_it_may_be_left_out() -> None:
    assert Switch().load({}) == {}
