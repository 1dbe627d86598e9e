from __future__ import annotations

import pytest

from upscaler.engine.option_texts import from_text
from upscaler.engine.options import UpscaleOptions
from upscaler.errors import InvalidParameter, UnknownParameter


def test_forms_send_text():
    form = {
        "factor": "",
        "target_width": " 640 ",
        "quality": "",
        "keep_metadata": "all",
        "refine_faces": "no",
        "match_colours": "off",
    }
    assert from_text(form, preset="art") == UpscaleOptions(
        "fit", "art", refine_faces=False, keep_metadata="all", target_width=640, match_colours=False
    )
    for bad in (
        {"quality": "high"},
        {"keep_metadata": "true"},
        {"detail": "-1"},
        {"refine_faces": "maybe"},
        {"match_colours": "perhaps"},
        {"target_width": "\u0663"},
    ):
        with pytest.raises(InvalidParameter):
            from_text({"factor": "2x", **bad})
    with pytest.raises(UnknownParameter):
        from_text({"factor": "2x", "colour": "blue"})


def test_every_bad_text_is_named() -> None:
    with pytest.raises(InvalidParameter) as refused:
        from_text({"factor": "2x", "quality": "high", "refine_faces": "maybe", "target_width": "5"})

    found = [error.parameter for error in (refused.value, *refused.value.related)]
    assert sorted(map(str, found)) == ["factor", "quality", "refine_faces"]
