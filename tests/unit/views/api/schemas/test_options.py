from __future__ import annotations

import re

import pytest
from marshmallow import Schema, ValidationError

from upscaler.engine.option_kinds import Choice, Flag, Name, Option, WholeNumber
from upscaler.views.api.schemas.options import option_fields

SIZE = Option(
    Choice({"small": "S", "large": "L"}, ("other",)), "Size", "the size", name="size", default="small"
)
SWITCH = Option(Flag("On", "Off"), "Switch", "a switch", name="switch", default=False)
SHARE = Option(WholeNumber(range(1, 101)), "Share", "a share", name="share")
WORD = Option(Name(re.compile("[a-z]+")), "Word", "a word", name="word", operator_default=True)


def schema(**how: bool) -> Schema:
    return Schema.from_dict(option_fields((SIZE, SWITCH, SHARE, WORD), **how))()


def test_each_option_becomes_a_field_of_its_kind():
    sent = {"size": "other", "switch": "true", "share": "7", "word": "abc"}
    assert schema().load(sent) == {"size": "other", "switch": True, "share": 7, "word": "abc"}
    assert schema().load({}) == {}


@pytest.mark.parametrize(
    "sent",
    [{"size": "huge"}, {"switch": "perhaps"}, {"share": 0}, {"share": 101}, {"word": "a1"}, {"size": None}],
)
def test_other_values_are_refused(sent):
    with pytest.raises(ValidationError):
        schema().load(sent)


def test_null_and_special_values_are_up_to_the_caller():
    assert schema(nullable=True).load({"share": None}) == {"share": None}
    with pytest.raises(ValidationError):
        schema(special=False).load({"size": "other"})


def test_descriptions_name_the_default():
    described = {name: field.metadata for name, field in schema().fields.items()}
    assert described["size"] == {"description": "the size", "default": "small"}
    assert described["switch"]["default"] is False
    assert described["share"] == {"description": "a share"}
    assert described["word"] == {"description": "a word; by default, the operator's choice"}
