"""Settings that the documents give a value are accepted with it."""

from __future__ import annotations

import re

import pytest

from config import ROOT, Config, ConfigError, RuntimeValues, load
from tests.unit.docs.test_links import DOCUMENTS

# A setting and its value in a code span, such as `ENGINE=auto`.
ASSIGNED = re.compile(r"`([A-Z][A-Z_]+)=([^\s`]+)`")


def assignments() -> list[tuple[str, str]]:
    """Return the settings with their values, of all documents."""
    known = {name.upper() for name in (*Config.model_fields, *RuntimeValues.model_fields)}
    found = {pair for path in DOCUMENTS for pair in ASSIGNED.findall(path.read_text())}
    return sorted(pair for pair in found if pair[0] in known)


@pytest.mark.parametrize(("name", "value"), assignments())
def test_a_value_of_the_documents_is_accepted(name: str, value: str) -> None:
    refusal = ""
    try:
        load({name: value}, env_file=None)
    except ConfigError as error:
        refusal = str(error)

    # One setting may ask for another, which the text around it names.
    assert not refusal.startswith(f"{name}:"), refusal


def test_there_are_such_values() -> None:
    assert ("ENGINE_TRIAL", "off") in assignments()
    assert (ROOT / "README.md") in DOCUMENTS
