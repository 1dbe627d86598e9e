"""Models that admins add over the API."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests.support.face_models import write_face_model
from tests.support.leftovers import files_in
from tests.support.small_models import kernel, write_ncnn, write_onnx
from tests.unit.views.api.conftest import Program
from upscaler.models import AuditLog, Job, ModelRecord
from upscaler.services.models.model_table import sync_catalogue


def send(program: Program, *files: Path, **fields: str) -> TestResponse:
    form: dict[str, Any] = {"file": [(io.BytesIO(file.read_bytes()), file.name) for file in files], **fields}
    return program.post("/admin/models", data=form)


def stored(app: Flask) -> list[str]:
    """Return what lies in the storage, and what was left in the scratch folder."""
    folder = app.extensions["config"].data_dir
    return sorted(path.name for path in files_in(folder / "files/models", folder / "scratch"))


def test_an_added_model_serves_until_it_is_deleted(
    app: Flask, admin: Program, session: Session, tmp_path: Path, job_of: Callable[[TestResponse], Job]
) -> None:
    pair = write_ncnn(tmp_path, 3)

    answer = send(admin, *pair, name="blocks", licence="CC0-1.0", preset="art", factor="3x")

    assert answer.status_code == 201
    assert answer.headers["Location"].endswith("/api/v1/admin/models/blocks")
    added = answer.get_json()
    assert (added["kind"], added["scale"], added["findings"]["input"]) == ("ncnn", 3, "in")
    assert added["purpose"] == "upscaling"
    assert added["uses"] == [{"preset": "art", "factor": "3x"}]
    assert len(stored(app)) == 2
    listed = {item["name"]: item for item in admin.get("/models").get_json()["items"]}
    assert listed["blocks"]["licence"] == "CC0-1.0"
    assert send(admin, *pair, name="blocks").get_json()["code"] == "model_conflict"

    # By its name, by what it serves, and not at all where something else is asked for.
    sent = [
        admin.upload(factor="2x", model="blocks"),
        admin.upload(factor="3x", preset="art"),
        admin.upload(factor="3x", preset="art", detail="0"),
        admin.upload(factor="2x", model="realesr-animevideov3-x2"),
    ]
    assert [job_of(one).params.get("model") for one in sent] == [
        "blocks",
        "blocks",
        None,
        "realesr-animevideov3-x2",
    ]
    assert job_of(sent[1]).model == "blocks"
    assert admin.get("/quote?width=9&height=9&factor=3x&preset=art").get_json()["model"] == "blocks"
    again = admin.post(f"/admin/jobs/{job_of(sent[0]).id}/requeue", json={"preset": "photo"})
    assert "model" not in job_of(again).params

    changed = admin.request("PATCH", "/admin/models/blocks", json={"is_active": False, "uses": []})
    assert changed.get_json()["is_active"] is False
    assert admin.upload(factor="2x", model="blocks").get_json()["code"] == "unknown_model"
    assert "blocks" not in {item["name"] for item in admin.get("/models").get_json()["items"]}

    assert admin.delete("/admin/models/blocks").status_code == 204
    assert admin.delete("/admin/models/blocks").get_json()["code"] == "model_not_found"
    assert stored(app) == []
    trail = session.query(AuditLog).filter(AuditLog.entity_type == "model").order_by(AuditLog.id)
    assert [(row.action, row.entity_id) for row in trail] == [
        ("model.add", "blocks"),
        ("model.change", "blocks"),
        ("model.delete", "blocks"),
    ]


def test_a_refused_model_leaves_nothing_and_says_why(
    app: Flask, admin: Program, session: Session, tmp_path: Path
) -> None:
    answer = send(admin, write_onnx(tmp_path / "black.onnx", weights=kernel(2) * 0))

    assert answer.status_code == 422
    assert answer.get_json()["code"] == "model_rejected"
    assert "the same colour" in answer.get_json()["detail"]
    assert session.query(ModelRecord).count() == session.query(AuditLog).filter_by(action="model.add").count()
    assert stored(app) == []


@pytest.mark.parametrize(
    ("names", "fields", "code"),
    [
        ((), {}, "missing_file"),
        (("a.onnx",), {"name": "No Name"}, "invalid_parameter"),
        (("a.onnx",), {"name": "realesrgan-x4plus"}, "invalid_parameter"),
        (("a.onnx",), {"name": "a\0b"}, "invalid_parameter"),
        (("a.onnx",), {"licence": "x" * 65}, "invalid_parameter"),
        (("a.onnx",), {"preset": "art"}, "missing_parameter"),
        (("a.onnx",), {"preset": "art", "factor": "5x"}, "invalid_parameter"),
        (("a.onnx",), {"scale": "2"}, "unknown_parameter"),
        (("a.exe",), {}, "model_rejected"),
        (("a.onnx",), {}, "model_rejected"),
    ],
)
def test_bad_forms_are_refused(
    admin: Program, tmp_path: Path, names: tuple[str, ...], fields: dict[str, str], code: str
) -> None:
    for name in names:
        (tmp_path / name).write_bytes(b"no model")

    answer = send(admin, *(tmp_path / name for name in names), **{"name": "mine", **fields})

    assert answer.get_json()["code"] == code


def test_models_of_the_catalogue_stay_as_they_are(admin: Program, session: Session) -> None:
    sync_catalogue(session)

    for method, body in (("PATCH", {"is_active": False}), ("DELETE", None)):
        answer = admin.request(method, "/admin/models/realesrgan-x4plus", json=body)
        assert (answer.status_code, answer.get_json()["code"]) == (409, "model_protected")


def test_only_admins_add_models(with_key: Callable[..., Program], visitor: Program, tmp_path: Path) -> None:
    path = write_onnx(tmp_path / "a.onnx")

    assert send(visitor, path).status_code == 401
    assert send(with_key("layla"), path).status_code == 403


def test_a_face_model_is_recognized_and_upscales_nothing(app: Flask, admin: Program, tmp_path: Path) -> None:
    path = write_face_model(tmp_path / "gfp.onnx", side=256)

    refused = send(admin, path, name="gfp", preset="face", factor="4x").get_json()
    assert refused["code"] == "model_rejected"
    added = send(admin, path, licence="Apache-2.0").get_json()

    assert (added["name"], added["purpose"], added["scale"]) == ("gfp", "faces", 1)
    listed = {item["name"]: item for item in admin.get("/models").get_json()["items"]}
    assert listed["gfp"]["type"] == "faces"
    answer = admin.upload(factor="2x", model="gfp")
    assert (answer.status_code, answer.get_json()["code"]) == (422, "unknown_model")
    assert "restores faces" in answer.get_json()["detail"]
    assert admin.upload(factor="2x", refine_faces="true").status_code == 202
    uses = {"uses": [{"preset": "face", "factor": "4x"}]}
    assert admin.request("PATCH", "/admin/models/gfp", json=uses).get_json()["code"] == "model_rejected"


def test_all_models_are_listed_in_use_or_not(admin: Program, session: Session, tmp_path: Path) -> None:
    sync_catalogue(session)
    send(admin, *write_ncnn(tmp_path, 3), name="a-mine")
    admin.request("PATCH", "/admin/models/a-mine", json={"is_active": False})

    models = {model["id"]: model for model in admin.get("/admin/models?limit=100").get_json()["items"]}

    assert (models["a-mine"]["is_active"], models["a-mine"]["is_bundled"]) == (False, False)
    assert models["a-mine"]["findings"]["scale"] == 3
    assert models["realesrgan-x4plus"]["is_bundled"] is True
