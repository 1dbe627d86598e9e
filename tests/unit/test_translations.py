"""The catalogues in ``translations`` say everything, in every language, with the same placeholders."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
TRANSLATIONS = ROOT / "translations"
CATALOGUES = sorted(TRANSLATIONS.glob("*/LC_MESSAGES/messages.po"))
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=None if path.suffix == ".pot" else path.parts[-3])


def messages(catalogue: Catalog) -> dict[str, Message]:
    return {first(message.id): message for message in catalogue if message.id}


def first(texts: str | tuple[str, ...]) -> str:
    return texts if isinstance(texts, str) else texts[0]


def all_forms(texts: str | tuple[str, ...]) -> tuple[str, ...]:
    return (texts,) if isinstance(texts, str) else texts


@pytest.fixture(scope="module")
def template() -> dict[str, Message]:
    return messages(read(TRANSLATIONS / "messages.pot"))


def test_the_template_is_what_the_code_says(tmp_path):
    fresh = tmp_path / "messages.pot"
    command = ["-m", "babel.messages.frontend", "-q", "extract", "-F", "translations/babel.cfg"]
    options = ["-k", "N_", "-k", "lazy_gettext", "--no-location", "--sort-output", "--omit-header"]
    subprocess.run([sys.executable, *command, *options, "-o", str(fresh), "."], cwd=ROOT, check=True)
    assert fresh.read_text() == (TRANSLATIONS / "messages.pot").read_text()


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
class TestCatalogue:
    def test_it_has_the_messages_of_the_template_and_no_others(self, path, template):
        assert set(messages(read(path))) == set(template)

    def test_each_message_is_translated_in_every_plural_form_and_none_is_fuzzy(self, path):
        catalogue = read(path)
        for message in messages(catalogue).values():
            assert not message.fuzzy, message.id
            assert all(all_forms(message.string)), message.id
            if message.pluralizable:
                assert len(all_forms(message.string)) == catalogue.num_plurals, message.id

    def test_placeholders_are_those_of_the_source(self, path):
        for message in messages(read(path)).values():
            expected = set(PLACEHOLDER.findall(first(message.id)))
            for form in all_forms(message.string):
                found = set(PLACEHOLDER.findall(form))
                # "One image" and "two images" are words of their own in some languages: a counted phrase
                # may leave the number out, but it never names something else.
                assert found <= expected if message.pluralizable else found == expected, message.id

    def test_a_translation_can_be_filled_in(self, path):
        for message in messages(read(path)).values():
            for form in all_forms(message.string):
                if message.python_format:
                    assert form % dict.fromkeys(PLACEHOLDER.findall(first(message.id)), "x"), message.id


def test_arabic_has_its_six_plural_forms():
    path = TRANSLATIONS / "ar" / "LC_MESSAGES" / "messages.po"
    forms = messages(read(path))["%(num)s image per hour"].string
    assert forms[1] == "صورة واحدة في الساعة"
    assert forms[2] == "صورتان في الساعة"
    assert forms[3] == "%(num)s صور في الساعة"
    assert forms[4] == forms[5] == "%(num)s صورة في الساعة"
