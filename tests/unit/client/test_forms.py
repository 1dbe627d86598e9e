from __future__ import annotations

from pathlib import Path

import pytest

from upscaler.client.forms import form_of, name_of


def test_values_become_the_texts_of_a_form() -> None:
    sent = {"factor": "4x", "refine_faces": True, "match_colours": False, "quality": 90, "denoise": None}
    assert form_of(sent) == {
        "factor": "4x",
        "refine_faces": "true",
        "match_colours": "false",
        "quality": "90",
    }


@pytest.mark.parametrize(
    ("path", "name"),
    [("a/é.png", "é.png"), (Path("x") / "caf\udce9.png", "caf\ufffd.png"), ("花.png", "花.png")],
)
def test_a_name_can_be_sent_whatever_its_bytes(path: str | Path, name: str) -> None:
    assert name_of(path) == name
