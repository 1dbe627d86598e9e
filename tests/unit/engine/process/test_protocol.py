from __future__ import annotations

import pytest

from upscaler import errors
from upscaler.engine.process.protocol import (
    decode_message,
    encode_message,
    error_from_message,
    error_to_message,
)


def test_a_message_is_one_line_whatever_it_holds():
    message = {"path": "a\nb\u2028c", "share": 0.5, "none": None}
    line = encode_message(message)
    assert line.count(b"\n") == 1
    assert decode_message(line) == message


@pytest.mark.parametrize("line", [b"hello\n", b"[1]\n", b"\xff\n", b"\n"])
def test_other_lines_are_refused(line):
    with pytest.raises(ValueError, match=r"JSON object|Expecting value|codec"):
        decode_message(line)


def test_an_error_arrives_as_the_same_class_with_its_values():
    sent = errors.TooManyPixels(width=9, height=8, limit="7 MP")
    received = error_from_message(decode_message(encode_message(error_to_message(sent)))["error"])
    assert type(received) is errors.TooManyPixels
    assert received.values == sent.values
    assert received.detail == sent.detail


def test_values_that_are_not_json_arrive_as_text():
    assert error_to_message(errors.EngineCrashed(reason=ValueError("x")))["error"]["values"] == {
        "reason": "x"
    }


@pytest.mark.parametrize("name", ["NoSuchError", "Any", "N_", "annotations"])
def test_an_unknown_class_becomes_an_engine_error(name):
    described = {"class": name, "message": "text", "values": {}}
    assert type(error_from_message(described)) is errors.EngineError
