from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy.orm import Session

from tests import factories
from tests.support.strict_schemas import misfits
from tests.unit.views.api.conftest import Program
from upscaler.engine.devices.attempts import Attempt
from upscaler.engine.devices.quarantine import Device, Quarantine
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.pipeline import Engine, upscale_file
from upscaler.engine.settings import EngineSettings
from upscaler.engine.tiling.scratch import Scratch
from upscaler.engine.tiling.upscaler import Upscaler
from upscaler.models import JobStatus
from upscaler.views.api.schemas.receipts import (
    AttemptSchema,
    BackendSchema,
    QuarantinedDeviceSchema,
    ReceiptSchema,
)
from upscaler.views.receipts import localized_receipt


@pytest.fixture(scope="module")
def receipt(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The receipt of an image that was upscaled."""
    folder = tmp_path_factory.mktemp("receipt")
    image = folder / "a.png"
    Image.linear_gradient("L").resize((8, 6)).save(image, dpi=(300, 300))
    engine = Engine(Upscaler(EngineSettings(engine="lanczos", threads=1)))
    options = UpscaleOptions("2x", output_format="webp")
    scratch = Scratch(folder)
    return upscale_file(image, folder / "target", None, options, engine, scratch=scratch).receipt


def test_a_receipt_fits_and_each_of_its_members_is_described(app: Flask, receipt: dict[str, Any]) -> None:
    with app.test_request_context():
        shown = localized_receipt(receipt)

    assert misfits(ReceiptSchema(), shown) == []
    # An open schema permits members without a description; programs would not know what they mean.
    assert shown.keys() - ReceiptSchema().fields.keys() == set()
    assert shown["backend"].keys() - BackendSchema().fields.keys() == set()
    assert [note["code"] for note in shown["kept"]] != []


def test_a_receipt_with_faces_and_failures_fits(app: Flask, receipt: dict[str, Any]) -> None:
    failed = Attempt("ncnn", "NVIDIA H100", "fp16", None, "wrong output").as_dict()
    faces = {"found": 1, "refined": 1, "model": "gfp", "left": {}}
    more = {"attempts": [failed, *receipt["attempts"]], "faces": faces}
    with app.test_request_context():
        shown = localized_receipt({**receipt, **more})

    assert misfits(ReceiptSchema(), shown) == []
    assert failed.keys() == AttemptSchema().fields.keys()


def test_a_receipt_of_another_version_fits(visitor: Program, session: Session) -> None:
    columns = factories.job_columns(JobStatus.COMPLETED)
    old = {"version": 0, "changed": ["turned upright"], "something_new": 1}
    job = factories.new_job(session, **{**columns, "receipt": old})

    shown = visitor.get(f"/jobs/{job.id}").get_json()["receipt"]

    assert misfits(ReceiptSchema(), shown) == []
    assert shown["changed"] == [{"code": None, "values": {}, "text": "turned upright"}]


def test_a_device_in_quarantine_is_described() -> None:
    quarantine = Quarantine()
    quarantine.add(Device("ncnn", "NVIDIA H100", "fp16"), "it broke", ["realesrgan-x4plus"])
    [entry] = quarantine.as_list()

    assert misfits(QuarantinedDeviceSchema(), entry) == []
    assert entry.keys() == QuarantinedDeviceSchema().fields.keys()


def test_a_description_of_the_backend_fits_before_it_is_known(tmp_path: Path) -> None:
    assert misfits(BackendSchema(), {}) == []
    assert misfits(BackendSchema(), Upscaler(EngineSettings(engine="lanczos")).state()) == []
