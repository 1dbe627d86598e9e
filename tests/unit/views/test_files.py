from __future__ import annotations

import time
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from upscaler.views.files import disposition

CONTENT = b"0123456789"


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("cat.png", "inline; filename=cat.png"),
        ("a cat.png", 'inline; filename="a cat.png"'),
        ("é.png", "inline; filename=_.png; filename*=UTF-8''%C3%A9.png"),
    ],
)
def test_a_name_in_any_script_is_offered(name: str, header: str) -> None:
    assert disposition(name, attachment=False) == header


def link(app: Flask, tmp_path: Path, key: str) -> str:
    """Return a signed link to a stored file."""
    (tmp_path / "content").write_bytes(CONTENT)
    services = app.extensions["upscaler"]
    services.storage.save(key, tmp_path / "content")
    return str(services.links(3600).path(key, "cat.png", time.time()))


def test_a_file_comes_whole_in_parts_and_not_again(app: Flask, client: FlaskClient, tmp_path: Path) -> None:
    address = link(app, tmp_path, "results/ab/job_ab.png")

    with client.get(address) as whole:
        assert (whole.data, whole.mimetype) == (CONTENT, "image/png")
        assert whole.headers["Content-Disposition"].startswith("inline")
    with client.get(address, headers={"Range": "bytes=2-4"}) as part:
        assert (part.status_code, part.data) == (206, b"234")
    with client.get(address, headers={"If-None-Match": whole.headers["ETag"]}) as known:
        assert (known.status_code, known.data) == (304, b"")
    with client.head(address) as head:
        assert (head.content_length, head.data) == (len(CONTENT), b"")


def test_a_file_that_browsers_do_not_show_is_an_attachment(
    app: Flask, client: FlaskClient, tmp_path: Path
) -> None:
    with client.get(link(app, tmp_path, "results/ab/job_ab.bin")) as answer:
        assert answer.mimetype == "application/octet-stream"
        assert answer.headers["Content-Disposition"].startswith("attachment")


def test_a_link_opens_its_own_file_alone(app: Flask, client: FlaskClient, tmp_path: Path) -> None:
    address = link(app, tmp_path, "results/ab/job_ab.png")

    assert client.get(address.replace("job_ab", "job_cd")).status_code == 403
    assert client.get(address.partition("?")[0]).status_code == 403
