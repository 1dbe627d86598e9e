from __future__ import annotations

from typing import Any

import pytest

from config import RuntimeValues, runtime_mark
from upscaler.errors import InvalidParameter, UnknownParameter
from upscaler.services.settings.definitions import DEFINITIONS, definition


@pytest.mark.parametrize("key", DEFINITIONS)
def test_what_is_in_force_can_be_entered_again(key: str) -> None:
    value = getattr(RuntimeValues(), key)

    assert DEFINITIONS[key].parse(value) == value
    assert DEFINITIONS[key].parse(", ".join(value) if isinstance(value, tuple) else str(value)) == value


@pytest.mark.parametrize("key", DEFINITIONS)
def test_a_null_is_no_value(key: str) -> None:
    with pytest.raises(InvalidParameter):
        DEFINITIONS[key].parse(None)


@pytest.mark.parametrize("text", ["1", "yes", "", "onn"])
def test_a_switch_takes_no_other_word(text: str) -> None:
    with pytest.raises(InvalidParameter):
        DEFINITIONS["require_login"].parse(text)


def test_a_number_is_not_a_boolean_and_a_boolean_not_a_number() -> None:
    with pytest.raises(InvalidParameter):
        DEFINITIONS["queue_limit"].parse(True)
    with pytest.raises(InvalidParameter):
        DEFINITIONS["require_login"].parse(1)


def test_every_number_has_bounds_and_every_setting_a_mark() -> None:
    for key, it in DEFINITIONS.items():
        assert runtime_mark(key).label
        assert runtime_mark(key).group
        assert it.schema["type"] != "integer" or {"minimum", "maximum"} <= set(it.schema)


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("frames", "Use one of: first, refuse."),
        ("factors", "Use one of: 2x, 3x, 4x, 8x."),
        ("require_login", "Use one of: on, off."),
        ("link_ttl_seconds", "Use a whole number from 60 to 100000000."),
        ("rate_limit", "Use a rate such as 10 per hour, or off."),
    ],
)
def test_a_refusal_says_which_values_there_are(key: str, sentence: str) -> None:
    with pytest.raises(InvalidParameter) as refused:
        DEFINITIONS[key].parse("nonsense")

    assert refused.value.detail == f'"nonsense" isn\'t a valid value for "{key}". {sentence}'
    assert refused.value.parameter == key


@pytest.mark.parametrize(
    ("key", "several", "choices"),
    [
        ("factors", True, ("2x", "3x", "4x", "8x")),
        ("frames", False, ("first", "refuse")),
        ("queue_limit", False, ()),
        ("rate_limit", False, ()),
    ],
)
def test_a_form_offers_the_choices_that_there_are(key: str, several: bool, choices: tuple[str, ...]) -> None:
    found = definition(key)

    assert (found.several, found.choices) == (several, choices)


@pytest.mark.parametrize("key", ["secret_key", "QUEUE_LIMIT", ""])
def test_any_other_name_is_unknown(key: str) -> None:
    with pytest.raises(UnknownParameter) as refused:
        definition(key)

    assert refused.value.parameter == key


@pytest.mark.parametrize("key", DEFINITIONS)
def test_the_example_is_the_value_without_a_setting(key: str) -> None:
    example: Any = DEFINITIONS[key].example

    assert DEFINITIONS[key].parse(example) == getattr(RuntimeValues(), key)
