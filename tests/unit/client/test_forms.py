from __future__ import annotations

from upscaler.client.forms import form_of


def test_values_become_the_texts_of_a_form() -> None:
    sent = {"factor": "4x", "refine_faces": True, "match_colours": False, "quality": 90, "denoise": None}
    assert form_of(sent) == {
        "factor": "4x",
        "refine_faces": "true",
        "match_colours": "false",
        "quality": "90",
    }
