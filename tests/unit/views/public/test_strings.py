"""The scripts ask for sentences by key, and the engine writes notes: neither may meet a gap."""

import ast
import re
from pathlib import Path

from flask_babel import force_locale

from upscaler.views.public.receipts import receipt_notes
from upscaler.views.public.strings import script_plurals, script_strings

PACKAGE = Path(__file__).parents[4] / "upscaler"
PLACEHOLDER = re.compile(r"%\(\w+\)s")


def keys_in_scripts(pattern: str) -> set[str]:
    scripts = (PACKAGE / "static" / "public" / "js").glob("*.js")
    return {key for script in scripts for key in re.findall(pattern, script.read_text())}


def test_every_key_of_a_script_has_a_sentence_and_every_sentence_is_asked_for(site):
    exact = keys_in_scripts(r'\bt\("([^"]+)"') | keys_in_scripts(r'\["(fact\.[^"]+)"')
    # Keys such as `preset.${name}`: whatever begins this way may be asked for.
    begins = tuple(keys_in_scripts(r"`([\w.]+\.)\$\{"))
    strings = script_strings()
    assert exact <= set(strings)
    assert [key for key in strings if key not in exact and not key.startswith(begins)] == []


def test_every_counted_phrase_of_a_script_exists(site):
    assert keys_in_scripts(r'\bplural\("([^"]+)"') == set(script_plurals())


def test_a_counted_phrase_has_the_forms_of_the_language_and_keeps_its_placeholder(site):
    with force_locale("en"):
        assert script_plurals()["hours"] == {"one": "%(count)s hour", "other": "%(count)s hours"}
    with force_locale("ar"):
        assert set(script_plurals()["hours"]) == {"zero", "one", "two", "few", "many", "other"}


def engine_notes() -> set[str]:
    """What the engine's code appends to ``kept`` and ``changed``, with ``{}`` where it puts values in."""
    notes = set()
    for path in (PACKAGE / "engine").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "append"
                and isinstance(node.func.value, ast.Attribute)
                and node.func.value.attr in {"kept", "changed"}
            ):
                notes.add(skeleton(node.args[0]))
    return notes


def skeleton(text: ast.expr) -> str:
    if isinstance(text, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in text.values)
    assert isinstance(text, ast.Constant), ast.unparse(text)
    return text.value


def test_every_note_of_the_engine_has_a_sentence_for_visitors_and_no_sentence_is_left_over(site):
    known = {PLACEHOLDER.sub("{}", entry["note"]) for entry in receipt_notes()}
    assert known == engine_notes()


def test_a_note_and_its_sentence_have_the_same_places(site):
    for entry in receipt_notes():
        assert set(PLACEHOLDER.findall(entry["sentence"])) <= set(PLACEHOLDER.findall(entry["note"]))
