"""The scripts ask for sentences by key, and each key has one."""

import re
from pathlib import Path

from flask_babel import force_locale

from upscaler.views.public.strings import script_plurals, script_strings

PACKAGE = Path(__file__).parents[4] / "upscaler"


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
