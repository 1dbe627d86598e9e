from __future__ import annotations

import re

import pytest
from flask_babel import force_locale

from tests.support.application import application
from upscaler.engine.option_kinds import Choice, Flag, Name, Option, WholeNumber
from upscaler.engine.options import OPTIONS
from upscaler.views.option_controls import control_of, text_of

SHARE = Option(
    WholeNumber(range(101), steps={0: "Low", 100: "High"}, unset="Automatic"), "Share", "", name="share"
)


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    with application(DATA_DIR=str(tmp_path_factory.mktemp("controls"))) as app, app.test_request_context():
        yield


def test_a_choice_offers_its_values_and_not_the_special_ones(context):
    option = Option(Choice({"a": "First", "b": "Second"}, special=("c",)), "Choice", "", name="choice")
    control = control_of(option, "b")
    assert (control.name, control.label, control.value) == ("choice", "Choice", "b")
    assert control.choices == [("a", "First"), ("b", "Second")]


@pytest.mark.parametrize("default", [True, False])
def test_a_flag_offers_its_default_first(context, default):
    control = control_of(Option(Flag("On", "Off"), "Switch", "", name="switch", default=default), default)
    assert control.choices[0][0] == control.value == text_of(default)
    assert {value for value, _ in control.choices} == {"true", "false"}


def test_a_number_is_typed_or_chosen_from_its_steps(context):
    plain = control_of(Option(WholeNumber(range(1, 6)), "Stars", "", name="stars"), None)
    assert (plain.label, plain.value, plain.choices, plain.allowed) == ("Stars, 1 to 5", "", (), range(1, 6))
    assert control_of(SHARE, None).choices == [("", "Automatic"), ("0", "Low"), ("100", "High")]
    assert control_of(SHARE, 30, exact=True).allowed == range(101)


def test_a_name_is_typed(context):
    control = control_of(Option(Name(re.compile("[a-z]+")), "Word", "", name="word"), "abc")
    assert (control.value, control.choices, control.allowed) == ("abc", (), None)


def test_labels_are_translated(context):
    with force_locale("ar"):
        control = control_of(OPTIONS["denoise"], "low")
    assert control.label == "تقليل التشويش"
    assert control.choices[0] == ("none", "بلا")
