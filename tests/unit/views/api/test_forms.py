from __future__ import annotations

import io
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from tests.support.leftovers import files_in
from upscaler.errors import MissingFile, UnknownParameter
from upscaler.views.api.forms import ReceivedForm, texts_of, unknown_fields


@pytest.mark.parametrize("known_length", [True, False])
@pytest.mark.parametrize("fields", [{"preset": "x" * 600_000}, {f"f{number}": "x" for number in range(1100)}])
def test_a_form_with_too_much_beside_a_small_file_is_not_called_a_large_file(
    app: Flask, client: FlaskClient, fields: dict[str, str], known_length: bool
) -> None:
    boundary, body = encode_multipart({"file": FileStorage(io.BytesIO(b"a"), "a.png"), **fields})
    length = (
        {"content_length": len(body)}
        if known_length
        else {"environ_overrides": {"wsgi.input_terminated": True}}
    )

    answer = client.post(
        "/api/v1/uploads",
        input_stream=io.BytesIO(body),
        content_type=f"multipart/form-data; boundary={boundary}",
        **length,
    )

    assert (answer.status_code, answer.get_json()["code"]) == (413, "form_too_large")
    assert files_in(app.extensions["config"].scratch_dir) == []


def test_values_of_json_are_read_as_a_form_would_hold_them() -> None:
    body = {"factor": "2x", "quality": 90, "refine_faces": True, "model": None}

    assert texts_of(body) == ({"factor": "2x", "quality": "90", "refine_faces": "true"}, [])


@pytest.mark.parametrize("value", [["2x"], {"a": 1}, 1.5])
def test_other_values_of_json_are_refused_by_name(value: Any) -> None:
    texts, unusable = texts_of({"zoom": value, "factor": value, "preset": "photo"})

    assert texts == {"preset": "photo"}
    assert [found.parameter for found in unusable] == ["factor", "zoom"]


def test_each_unknown_field_is_named() -> None:
    assert unknown_fields(["factor"], ["factor", "preset"]) == []
    unknown = unknown_fields(["zoom", "factor", "colour"], ["factor"])

    assert [found.parameter for found in unknown] == ["colour", "zoom"]


def test_a_form_with_refusals_is_refused_with_all_of_them() -> None:
    ReceivedForm((), {}, ()).check()
    with pytest.raises(UnknownParameter) as raised:
        ReceivedForm((), {}, (UnknownParameter(name="zoom"), MissingFile())).check()

    assert [found.parameter for found in (raised.value, *raised.value.related)] == ["zoom", "file"]
