import re
from pathlib import Path

from upscaler.engine.notes import NOTE_TYPES

PAGE = Path(__file__).parents[3] / "docs" / "receipt.md"
ROW = re.compile(r"^\| `(\w+)` \| `(kept|changed)` \| (.+) \|$", re.MULTILINE)


def test_the_page_lists_every_note_with_its_list_and_sentence():
    expected = {
        (row.code, row.category.value, re.sub(r"%\((\w+)\)s", r"`\1`", row.sentence))
        for row in NOTE_TYPES.values()
    }
    assert set(ROW.findall(PAGE.read_text())) == expected
