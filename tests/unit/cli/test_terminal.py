from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest

from upscaler.cli.terminal import complain, prepare, print_table, say, shown


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("Füße 花.png", "Füße 花.png"),
        ("a\u202fb\u00a0c\u200d.png", "a\u202fb\u00a0c\u200d.png"),
        ("a\nb\x1b[31m.png", "a\\nb\\x1b[31m.png"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("caf\udce9.png", "caf\\udce9.png"),
    ],
)
def test_what_is_not_printable_becomes_an_escape(name: str, printed: str) -> None:
    assert shown(name) == printed
    assert shown(Path(name)) == printed


def test_what_the_encoding_lacks_becomes_an_escape(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    prepare()

    say("é \U0001f4a5")

    assert written.getvalue() == b"\\xe9 \\U0001f4a5\n"


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_closed_stream_is_no_error(
    stream: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, stream, None)
    prepare()

    say("a line")
    complain("an error")

    captured = capsys.readouterr()
    assert (captured.out, captured.err) == (
        ("", "upscaler: an error\n") if stream == "stdout" else ("a line\n", "")
    )


def test_a_reader_that_has_left_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        say("nobody reads this")
        say("nor this")


def test_a_full_disk_is_reported_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        say("a line")
        say("another")

    assert capsys.readouterr().err == "upscaler: standard output: No space left on device\n"


def test_a_complaint_goes_to_standard_error_and_names_the_program(capsys: pytest.CaptureFixture[str]) -> None:
    complain("no such image")

    assert capsys.readouterr() == ("", "upscaler: no such image\n")


def test_a_table_has_columns(capsys: pytest.CaptureFixture[str]) -> None:
    print_table([("a", "b"), ("long", "c")])
    assert capsys.readouterr().out == "a     b\nlong  c\n"
