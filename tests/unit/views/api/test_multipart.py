from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.application import application
from tests.support.disks import filled_up, small_disk
from tests.support.leftovers import files_in

UPLOADS = "/api/v1/uploads"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    """An application that has received nothing yet, so that a disk can be mounted where it would go."""
    with application(DATA_DIR=str(tmp_path), RATE_LIMIT="off") as app:
        yield app


def leftovers(app: Flask) -> list[str]:
    return [path.name for path in files_in(app.extensions["config"].scratch_dir)]


@pytest.mark.parametrize("known_length", [True, False])
def test_a_file_that_is_too_large_leaves_nothing_behind(
    app: Flask, client: FlaskClient, known_length: bool
) -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
    body = head + b"x" * 20_000_000 + b"\r\n--x--\r\n"
    length = (
        {"content_length": len(body)}
        if known_length
        else {"environ_overrides": {"wsgi.input_terminated": True}}
    )

    answer = client.post(
        UPLOADS, input_stream=io.BytesIO(body), content_type="multipart/form-data; boundary=x", **length
    )

    assert (answer.status_code, answer.get_json()["code"]) == (413, "file_too_large")
    assert leftovers(app) == []


def test_a_form_that_breaks_off_leaves_nothing_behind(app: Flask, client: FlaskClient) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\nhalf a'

    answer = client.post(UPLOADS, data=body, content_type="multipart/form-data; boundary=x")

    assert (answer.status_code, answer.get_json()["code"]) == (422, "missing_file")
    assert leftovers(app) == []


def test_a_second_file_under_another_name_is_refused_and_removed(app: Flask, client: FlaskClient) -> None:
    form = {"file": (io.BytesIO(b"a"), "a.png"), "other": (io.BytesIO(b"b"), "b.png"), "factor": "2x"}

    answer = client.post(UPLOADS, data=form)

    assert (answer.status_code, answer.get_json()["code"]) == (422, "unknown_parameter")
    assert leftovers(app) == []


def test_two_files_under_one_name_are_refused_and_removed(app: Flask, client: FlaskClient) -> None:
    form = {"file": [(io.BytesIO(b"a"), "a.png"), (io.BytesIO(b"b"), "b.png")], "factor": "2x"}

    answer = client.post(UPLOADS, data=form)

    assert (answer.status_code, answer.get_json()["code"]) == (422, "two_images")
    assert "batch" in answer.get_json()["detail"]
    assert leftovers(app) == []


# The third is so small that the lack of room shows only when what was received is put on the disk.
@pytest.mark.parametrize(("size_bytes", "room_kilobytes"), [(300_000, 0), (300_000, 100), (2_000, 0)])
def test_a_file_that_finds_no_room_is_refused_and_leaves_nothing_behind(
    app: Flask, client: FlaskClient, size_bytes: int, room_kilobytes: int
) -> None:
    with small_disk(app.extensions["config"].scratch_dir, 1) as disk, filled_up(disk, room_kilobytes * 1024):
        form = {"file": (io.BytesIO(b"x" * size_bytes), "a.png"), "factor": "2x"}

        answer = client.post(UPLOADS, data=form)

        assert (answer.status_code, answer.mimetype) == (507, "application/problem+json")
        assert answer.get_json()["code"] == "storage_full"
        assert leftovers(app) == ["ballast"]
