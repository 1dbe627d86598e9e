from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from tests import factories
from tests.support.strict_schemas import misfits
from upscaler.engine.model_zoo.custom_model import FACES, NCNN, ONNX, Findings, Manifest, Use
from upscaler.models import ModelRecord
from upscaler.services.models.model_table import sync_catalogue
from upscaler.views.api.schemas.models import AdminModelSchema, ModelSchema
from upscaler.views.api.serializers.models import admin_model_fields, model_fields

FINDINGS = Findings(scale=2, channels=3, input="x", output="y")
MINE = Manifest("mine", ONNX, {"model.onnx": "a" * 64}, "MIT", FINDINGS)
PAIR = {"model.param": "b" * 64, "model.bin": "c" * 64}


@pytest.mark.parametrize(
    "manifest",
    [
        replace(MINE, uses=(Use("photo", "2x"), Use("art", "4x"))),
        replace(MINE, kind=NCNN, sha256=PAIR, active=False),
        replace(MINE, findings=replace(FINDINGS, scale=1, purpose=FACES)),
    ],
    ids=["serves presets", "not in use", "faces"],
)
def test_an_added_model_fits_its_schemas(session: Session, manifest: Manifest) -> None:
    row = factories.new_model(session, "mine", default_params=manifest.as_dict())

    shown = admin_model_fields(row)

    assert misfits(AdminModelSchema(), shown) == []
    assert misfits(ModelSchema(), model_fields(row)) == []
    assert shown["uses"] == [{"preset": use.preset, "factor": use.factor} for use in manifest.uses]
    assert (shown["is_bundled"], shown["is_active"]) == (False, manifest.active)
    assert (shown["kind"], shown["purpose"]) == (manifest.kind, manifest.findings.purpose)
    assert shown["file_hashes"] == manifest.sha256


def test_models_of_the_catalogue_fit_their_schemas(session: Session) -> None:
    sync_catalogue(session)
    rows = session.query(ModelRecord).all()

    assert [misfits(AdminModelSchema(), admin_model_fields(row)) for row in rows] == [[]] * len(rows)
    assert {(shown["is_bundled"], shown["kind"]) for shown in map(admin_model_fields, rows)} == {(True, None)}


def test_an_added_model_that_cannot_be_read_is_neither_bundled_nor_in_use(session: Session) -> None:
    row = factories.new_model(session, "broken", default_params={"version": 0})

    shown = admin_model_fields(row)

    assert misfits(AdminModelSchema(), shown) == []
    assert (shown["is_bundled"], shown["is_active"]) == (False, False)
