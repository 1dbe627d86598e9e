from __future__ import annotations

import pytest
import regex

from upscaler.filenames.text import cleaned, is_visible, last_part, shortened, shortened_name, split_extension

FLAG = "\U0001f1e9\U0001f1ea"


@pytest.mark.parametrize(
    ("path", "part"),
    [("a/b\\c.png", "c.png"), ("\\\\host\\share\\ a .png", "a .png"), ("a/", ""), ("a.png", "a.png")],
)
def test_the_last_part_is_behind_any_slash(path: str, part: str) -> None:
    assert last_part(path) == part


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("cat.PNG", ("cat", "PNG")),
        ("cat.tar.jpg", ("cat.tar", "jpg")),
        ("Mr. Smith", ("Mr. Smith", "")),
        ("Screenshot at 10.32.07", ("Screenshot at 10.32.07", "")),
        ("notes.txt", ("notes.txt", "")),
        (".png", (".png", "")),
    ],
)
def test_only_what_image_formats_use_is_an_extension(name: str, parts: tuple[str, str]) -> None:
    assert split_extension(name) == parts


@pytest.mark.parametrize(
    ("text", "most", "short"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "abc"),
        ("ab cd", 3, "ab"),
        ("éé", 3, "é"),
        # A letter with a mark, a flag, a hand with a skin colour, a syllable of Hindi: each is one character.
        ("xe\u0301", 2, "x"),
        (FLAG * 2, 15, FLAG),
        ("\U0001f44d\U0001f3fd!", 7, ""),
        ("कि!", 5, ""),
    ],
)
def test_a_text_is_cut_between_characters(text: str, most: int, short: str) -> None:
    assert shortened(text, most) == short
    assert regex.findall(r"\X", text)[: len(regex.findall(r"\X", short))] == regex.findall(r"\X", short)


def test_a_long_name_keeps_its_extension() -> None:
    assert shortened_name("x" * 300 + ".jpeg") == "x" * 250 + ".jpeg"
    assert shortened_name("x" * 300 + ".v2") == "x" * 255


def test_bytes_of_a_disk_that_are_not_utf8_count_and_stay() -> None:
    assert shortened("caf\udce9", 4) == "caf\udce9"
    assert shortened("caf\udce9", 3) == "caf"


def test_marks_without_end_are_soon_done() -> None:
    assert len(cleaned("a" + "\u0315\u0300" * 100_000)) <= 4096


@pytest.mark.parametrize(("name", "seen"), [("a", True), ("", False), (".", False), ("\u200d\u00a0", False)])
def test_a_name_that_nobody_sees_is_none(name: str, seen: bool) -> None:
    assert is_visible(name) == seen
