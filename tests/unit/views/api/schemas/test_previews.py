from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image
from sqlalchemy.orm import Session

from tests import factories
from tests.support.strict_schemas import misfits
from tests.unit.views.api.conftest import Program, described, faults
from upscaler.client.forms import form_of
from upscaler.views.api.schemas.previews import PreviewSchema

# The service fetches nothing from there, which it says once all parameters are right.
BODY = {"url": "http://127.0.0.1/cat.png"}
DONE = {"path": "previews/ab/x.png", "model": "m", "width": 20, "height": 16, "seconds": 0.5}


def image() -> tuple[io.BytesIO, str]:
    file = io.BytesIO()
    Image.linear_gradient("L").save(file, "PNG")
    file.seek(0)
    return file, "in.png"


@pytest.mark.parametrize(
    ("change", "parameter"),
    [
        ({}, None),
        ({"presets": "photo"}, None),
        ({"presets": "photo , art,face"}, None),
        ({"factor": "8x", "denoise": "high", "detail": 100, "refine_faces": True}, None),
        ({"left": 0, "top": 1_000_000, "width": 1, "height": 256}, None),
        ({"presets": "blue"}, "presets"),
        ({"factor": "fit"}, "factor"),
        ({"factor": "9x"}, "factor"),
        ({"detail": 101}, "detail"),
        ({"refine_faces": "perhaps"}, "refine_faces"),
        ({"left": -1}, "left"),
        ({"top": 1_000_001}, "top"),
        ({"width": 0}, "width"),
        ({"height": 257}, "height"),
        ({"width": 1.5}, "width"),
        ({"output_format": "png"}, "output_format"),
        ({"email": "layla@example.org"}, "email"),
    ],
    ids=str,
)
def test_a_body_is_read_as_it_is_described(
    visitor: Program, change: dict[str, Any], parameter: str | None
) -> None:
    answer = visitor.post("/previews", json={**BODY, **change})

    assert described("PreviewBody").is_valid({**BODY, **change}) is (parameter is None)
    if parameter is None:
        assert answer.get_json()["code"] == "url_not_allowed"
    else:
        assert [name for name, _ in faults(answer)] == [parameter]


@pytest.mark.parametrize("fields", [{}, {"file": "x", "url": "http://127.0.0.1/"}], ids=["none", "both"])
def test_a_form_has_one_image(visitor: Program, fields: dict[str, str]) -> None:
    assert not described("PreviewForm").is_valid(fields)

    sent = {**fields, **({"file": image()} if "file" in fields else {})}
    assert [name for name, _ in faults(visitor.post("/previews", data=sent))] == ["file"]


def test_the_parameters_of_a_preview_can_be_sent_again(visitor: Program) -> None:
    options = {"factor": "4x", "denoise": "low", "sharpen": "med", "detail": 30, "refine_faces": True}
    place = {"left": 3, "top": 4, "width": 50, "height": 60}

    first = visitor.post("/previews", data={"file": image(), **form_of({**options, **place})}).get_json()
    params = {**first["params"], **first["crop"]}
    again = visitor.post("/previews", data={"file": image(), **form_of(params)}).get_json()

    assert misfits(PreviewSchema(), first) == []
    assert first["crop"] == place
    assert options.items() <= first["params"].items()
    assert (again["params"], again["crop"]) == (first["params"], first["crop"])


@pytest.mark.parametrize(
    ("status", "results"),
    [
        ("queued", {}),
        ("running", {"photo": DONE}),
        ("completed", {"photo": DONE, "standard": DONE}),
        ("failed", {}),
    ],
)
def test_the_answer_about_a_preview_in_any_state_fits(
    visitor: Program, session: Session, status: str, results: dict[str, Any]
) -> None:
    preview = factories.new_preview(session, status=status, results=results)

    assert misfits(PreviewSchema(), visitor.get(f"/previews/{preview.id}").get_json()) == []
