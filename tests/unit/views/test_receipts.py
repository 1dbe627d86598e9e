from __future__ import annotations

import pytest
from flask_babel import force_locale, gettext

from upscaler.engine.notes import NOTE_TYPES, Note
from upscaler.views.receipts import localized_receipt, note_text

RECEIPT = {
    "version": 1,
    "kept": [Note("resolution_kept", {"dpi": 300}).as_dict()],
    "changed": [{"code": "from_the_future", "values": {"n": 1}}, "turned upright"],
    "seconds": {"decode": 0.1},
}


def test_each_note_gets_its_sentence_and_the_rest_stays(site):
    assert localized_receipt(RECEIPT) == {
        "version": 1,
        "kept": [{"code": "resolution_kept", "values": {"dpi": 300}, "text": "Print resolution: 300 dpi"}],
        "changed": [
            {"code": "from_the_future", "values": {"n": 1}, "text": "from_the_future"},
            {"code": None, "values": {}, "text": "turned upright"},
        ],
        "seconds": {"decode": 0.1},
    }


def test_the_sentence_is_in_the_readers_language_with_its_values_isolated(site):
    with force_locale("ar"):
        assert note_text(RECEIPT["kept"][0]) == "دقة الطباعة: \u2068300\u2069 نقطة في البوصة"


def test_a_receipt_without_lists_gets_empty_ones(site):
    assert localized_receipt({"version": 1}) == {"version": 1, "kept": [], "changed": []}


@pytest.mark.parametrize("row", NOTE_TYPES.values(), ids=NOTE_TYPES.keys())
def test_every_sentence_is_translated(site, row):
    with force_locale("ar"):
        assert gettext(row.sentence) != row.sentence
