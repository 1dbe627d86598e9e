from __future__ import annotations

import argparse
import re

import pytest

from upscaler.cli.values import Wrong, name_of, number_of, one_of, parse
from upscaler.engine.option_kinds import Name, WholeNumber


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (one_of("--colour", ("red", "blue")), "blue", "blue"),
        (number_of("--size", WholeNumber(range(1, 11))), "10", 10),
        (name_of("--model", Name(re.compile("[a-z-]+"))), "my-model", "my-model"),
    ],
)
def test_a_usable_value_is_read(read, text, value):
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "text", "reason"),
    [
        (
            one_of("--colour", ("red", "blue")),
            "pink",
            "--colour: invalid choice: 'pink' (choose from red, blue)",
        ),
        (number_of("--size", WholeNumber(range(1, 11))), "11", "--size: must be 1-10"),
        (number_of("--size", WholeNumber(range(1, 11))), "x", "--size: must be 1-10"),
        (name_of("--model", Name(re.compile("[a-z-]+"))), "../x", "--model: invalid name: '../x'"),
    ],
)
def test_an_unusable_value_is_noted_with_its_argument(read, text, reason):
    assert read(text) == Wrong(f"argument {reason}")


def test_one_message_names_everything_that_is_wrong(capsys):
    parser = argparse.ArgumentParser(prog="tool")
    parser.add_argument("--colour", type=one_of("--colour", ("red",)))
    parser.add_argument("--size", type=number_of("--size", WholeNumber(range(1, 3))))
    with pytest.raises(SystemExit, match="2"):
        parse(parser, ["--colour", "x", "--size", "9", "--nonsense"], lambda _: ["they do not go together"])
    message = capsys.readouterr().err.splitlines()[-1]
    for part in (
        "--colour: invalid",
        "--size: must be 1-2",
        "unrecognized arguments: --nonsense",
        "go together",
    ):
        assert part in message


def test_arguments_that_are_right_come_back():
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=number_of("--size", WholeNumber(range(1, 3))))
    assert parse(parser, ["--size", "2"], lambda _: []).size == 2
