from __future__ import annotations

import io
from typing import Any

import pytest

from tests.unit.views.api.conftest import Program, described, faults, small_png

# The service fetches nothing from there, which it says once all parameters are right.
BODY = {"url": "http://127.0.0.1/cat.png", "factor": "2x"}


@pytest.mark.parametrize(
    ("change", "parameter"),
    [
        ({}, None),
        (
            {"preset": "art", "denoise": "med", "quality": 1, "refine_faces": True, "match_colours": False},
            None,
        ),
        (
            {"detail": 0, "sharpen": "high", "keep_metadata": "without_location", "output_format": "avif"},
            None,
        ),
        ({"factor": None, "target_width": 20}, None),
        ({"factor": "fit", "target_height": 1_000_000, "target_width": 1}, None),
        ({"model": "realesrgan-x4plus"}, None),
        ({"priority": "batch"}, None),
        ({"factor": None}, "factor"),
        ({"factor": "9x"}, "factor"),
        ({"factor": "fit"}, "factor"),
        ({"target_width": 20}, "factor"),
        ({"factor": None, "target_width": 0}, "target_width"),
        ({"quality": 0}, "quality"),
        ({"quality": 1.5}, "quality"),
        ({"detail": 101}, "detail"),
        ({"detail": 50, "model": "realesrgan-x4plus"}, "detail"),
        ({"refine_faces": "perhaps"}, "refine_faces"),
        ({"preset": "blue"}, "preset"),
        ({"denoise": ["low"]}, "denoise"),
        ({"output_format": "gif"}, "output_format"),
        ({"model": "No Name"}, "model"),
        ({"priority": "first"}, "priority"),
        ({"callback_url": "http://" + "x" * 2000}, "callback_url"),
        ({"colour": "red"}, "colour"),
    ],
    ids=str,
)
def test_a_body_is_read_as_it_is_described(
    visitor: Program, change: dict[str, Any], parameter: str | None
) -> None:
    # None takes a member out.
    body = {name: value for name, value in {**BODY, **change}.items() if value is not None}

    answer = visitor.post("/uploads", json=body)

    assert described("AddressBody").is_valid(body) is (parameter is None)
    if parameter is None:
        assert answer.get_json()["code"] == "url_not_allowed"
    else:
        assert [name for name, _ in faults(answer)] == [parameter]


@pytest.mark.parametrize("sent", [(), ("file", "url")], ids=["none", "both"])
def test_a_form_has_one_image(visitor: Program, sent: tuple[str, ...]) -> None:
    form = {"file": "content", "url": "http://127.0.0.1/", "factor": "2x"}
    fields = {name: value for name, value in form.items() if name in (*sent, "factor")}
    assert not described("UploadForm").is_valid(fields)

    if "file" in fields:
        fields["file"] = (io.BytesIO(small_png()), "cat.png")
    assert [name for name, _ in faults(visitor.post("/uploads", data=fields))] == ["file"]


@pytest.mark.parametrize("name", ["url", "size"])
def test_a_batch_takes_files_alone(visitor: Program, name: str) -> None:
    assert described("BatchForm").is_valid({"file": ["content"], "files": ["content"]})
    assert not described("BatchForm").is_valid({"file": ["content"], name: "1"})

    form = {"file": [(io.BytesIO(small_png()), "cat.png")], "factor": "2x", name: "1"}
    assert faults(visitor.post("/batches", data=form)) == [(name, "unknown_parameter")]


@pytest.mark.parametrize(
    ("change", "parameter"),
    [
        ({}, None),
        ({"denoise": "low", "output_format": None, "quality": None}, None),
        ({"target_width": 10, "factor": None}, None),
        ({"denoise": "huge"}, "denoise"),
        ({"quality": "high"}, "quality"),
        ({"refine_faces": 1}, "refine_faces"),
        ({"priority": "batch"}, "priority"),
        ({"callback_url": "https://example.org/"}, "callback_url"),
    ],
    ids=str,
)
def test_options_to_change_are_read_as_they_are_described(
    admin: Program, change: dict[str, Any], parameter: str | None
) -> None:
    job_id = admin.upload(denoise="high").get_json()["id"]

    answer = admin.post(f"/jobs/{job_id}/requeue", json=change)

    assert described("OverridesBody").is_valid(change) is (parameter is None)
    if parameter is None:
        assert answer.status_code == 202
    else:
        assert [name for name, _ in faults(answer)] == [parameter]
