from __future__ import annotations

import re
from dataclasses import replace

import pytest

from upscaler.engine.option_kinds import Choice, Flag, Name, Option, WholeNumber
from upscaler.errors import InvalidParameter, UnusableParameter

SIZE = Choice({"small": "Small", "large": "Large"}, special=("other",))
SWITCH = Flag(on="On", off="Off")
PERCENT = WholeNumber(range(101))
WORD = Name(re.compile("[a-z]{1,3}"))


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (SIZE, "large", "large"),
        (SIZE, "other", "other"),
        (SWITCH, "TRUE", True),
        (SWITCH, "off", False),
        (PERCENT, "0", 0),
        (PERCENT, "100", 100),
        (WORD, "abc", "abc"),
    ],
)
def test_a_text_becomes_a_value(kind, text, value):
    assert kind.read(text) == value
    assert kind.accepts(value)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (SIZE, "Large"),
        (SIZE, "huge"),
        (SWITCH, "perhaps"),
        (PERCENT, "101"),
        (PERCENT, "-1"),
        (PERCENT, "5.0"),
        (PERCENT, "\u0663"),
        (PERCENT, "1" * 5000),
        (WORD, "abcd"),
        (WORD, "abc\n"),
    ],
)
def test_any_other_text_is_not_accepted(kind, text):
    assert not kind.accepts(kind.read(text))


@pytest.mark.parametrize("kind", [SIZE, SWITCH, PERCENT, WORD])
@pytest.mark.parametrize("value", [None, 1.0, [], {}, b"on"])
def test_values_of_other_types_are_not_accepted(kind, value):
    assert not kind.accepts(value)


def test_true_is_no_number():
    assert not PERCENT.accepts(True)


def test_a_refusal_lists_the_values():
    option = Option(SIZE, "Size", "size of it", name="size", default="small")
    refused = option.refusal("huge")
    assert refused is not None
    assert refused.detail == '"huge" isn\'t a valid value for "size". Use one of: small, large.'
    assert PERCENT.expected == "0-100"
    assert SWITCH.expected == "true, false"


def test_a_name_is_not_repeated_in_its_refusal():
    refused = Option(WORD, "Word", "a word", name="word").refusal("secret!")
    assert isinstance(refused, UnusableParameter)
    assert "secret" not in refused.detail


def test_none_is_valid_where_it_is_the_default():
    option = Option(PERCENT, "Share", "a share", name="share")
    assert option.refusal(None) is None
    for other in (replace(option, required=True), replace(option, default=5)):
        assert isinstance(other.refusal(None), InvalidParameter)
