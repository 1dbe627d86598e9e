from __future__ import annotations

import re
from typing import Any

import pytest
from flask_babel import force_locale
from sqlalchemy.orm import Session

from tests import factories
from tests.support.strict_schemas import misfits
from upscaler.errors import EngineCrashed, EngineTimeout, UpscalerError
from upscaler.views.api.schemas.previews import PreviewSchema
from upscaler.views.api.serializers.previews import preview_status

DONE = {"path": "previews/ab/x.png", "model": "m", "width": 20, "height": 16, "seconds": 1.5}


def failed(error: UpscalerError) -> dict[str, Any]:
    return {"error_code": error.code, "error_message": error.message, "error_values": error.values}


@pytest.mark.parametrize(
    ("status", "results", "expected"),
    [
        ("queued", {}, ["queued", "queued"]),
        ("running", {"photo": DONE}, ["queued", "completed"]),
        ("completed", {"photo": DONE, "standard": {**DONE, "seconds": 2}}, ["completed", "completed"]),
        ("completed", {"photo": DONE, "standard": failed(EngineCrashed())}, ["failed", "completed"]),
        ("failed", {"standard": failed(EngineTimeout(seconds=120))}, ["failed", "queued"]),
    ],
)
def test_a_preview_in_any_state_fits_its_schema(
    session: Session, status: str, results: dict[str, Any], expected: list[str]
) -> None:
    preview = factories.new_preview(session, status=status, results=results)

    shown = preview_status(preview)

    assert misfits(PreviewSchema(), shown) == []
    assert [(item["preset"], item["status"]) for item in shown["items"]] == list(
        zip(["standard", "photo"], expected, strict=True)
    )
    for item in shown["items"]:
        assert (item["image_file"] is not None) is (item["status"] == "completed")
        assert (item["error"] is not None) is (item["status"] == "failed")


def test_options_that_change_nothing_in_a_preview_are_left_out(session: Session) -> None:
    preview = factories.new_preview(session)
    assert "output_format" in preview.params

    assert set(preview_status(preview)["params"]) == {
        *("factor", "denoise", "sharpen", "refine_faces", "match_colours")
    }


def test_an_error_is_explained_in_the_language_of_the_request(session: Session) -> None:
    results = {"standard": failed(EngineTimeout(seconds=120))}
    preview = factories.new_preview(session, presets=["standard"], results=results)

    with force_locale("ar"):
        [item] = preview_status(preview)["items"]

    assert item["error"]["code"] == "timeout"
    assert "120" in item["error"]["detail"]
    assert not re.search("[A-Za-z%]", item["error"]["detail"])
