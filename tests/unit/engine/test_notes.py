from __future__ import annotations

import ast
from pathlib import Path

import pytest

from upscaler.engine import notes
from upscaler.engine.notes import NOTE_TYPES, Category, Note, in_category, sentence_of

ENGINE = Path(notes.__file__).parent


def modules() -> list[ast.Module]:
    """All modules of the engine but the one with the table."""
    return [ast.parse(path.read_text()) for path in ENGINE.rglob("*.py") if path != Path(notes.__file__)]


def literal_codes() -> set[str]:
    """The codes of all calls ``Note("code", ...)``."""
    return {
        node.args[0].value
        for module in modules()
        for node in ast.walk(module)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "Note"
        and isinstance(node.args[0], ast.Constant)
    }


def strings() -> set[str]:
    return {
        node.value
        for module in modules()
        for node in ast.walk(module)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_every_code_that_is_written_is_in_the_table():
    assert literal_codes() - NOTE_TYPES.keys() == set()


def test_every_code_of_the_table_is_written_somewhere():
    assert NOTE_TYPES.keys() - strings() == set()


@pytest.mark.parametrize("row", NOTE_TYPES.values(), ids=NOTE_TYPES.keys())
def test_each_row_makes_a_note_with_a_sentence(row):
    note = Note(row.code, dict.fromkeys(row.names, 3))
    assert note.category is row.category
    assert sentence_of(note.as_dict()) == row.sentence % dict.fromkeys(row.names, 3)


@pytest.mark.parametrize(
    ("code", "values"),
    [("no_such_code", {}), ("resolution_kept", {}), ("transparency_kept", {"dpi": 3})],
)
def test_a_note_outside_the_table_cannot_be_made(code, values):
    with pytest.raises(ValueError, match=code):
        Note(code, values)


def test_the_lists_of_a_receipt_follow_from_the_codes():
    found = [Note("lab_converted"), Note("gray_kept"), Note("frames_dropped", {"count": 2})]
    assert in_category(found, Category.KEPT) == [{"code": "gray_kept", "values": {}}]
    assert in_category(found, Category.CHANGED) == [
        {"code": "lab_converted", "values": {}},
        {"code": "frames_dropped", "values": {"count": 2}},
    ]


def test_a_list_of_names_is_one_value():
    entry = Note("metadata_removed", {"names": ["EXIF", "XMP"]}).as_dict()
    assert sentence_of(entry) == "Removed metadata: EXIF, XMP"


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ({"code": "from_the_future", "values": {"a": 1}}, "from_the_future"),
        ({"code": "resolution_kept", "values": {"dots": 1}}, "resolution_kept"),
        ({"code": "resolution_kept"}, "resolution_kept"),
        ({"code": "resolution_kept", "values": "300"}, "resolution_kept"),
        ({"code": "resolution_kept", "values": {"dpi": 300, "unit": "inch"}}, "Print resolution: 300 dpi"),
        ({}, ""),
        ("transparency: 100% kept", "transparency: 100% kept"),
    ],
)
def test_a_note_of_another_version_is_shown_as_well_as_it_can_be(entry, text):
    assert sentence_of(entry) == text


def test_templates_are_translated_and_values_are_prepared():
    entry = {"code": "profile_kept", "values": {"profile": "100%"}}
    translated = {"Colour profile: %(profile)s": "Farbprofil %(profile)s"}
    text = sentence_of(entry, lambda template: translated.get(template, template), "<{}>".format)
    assert text == "Farbprofil <100%>"
