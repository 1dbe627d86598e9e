from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from tests import factories
from upscaler.engine.model_zoo.custom_model import FACES, NCNN, ONNX, Findings, Manifest
from upscaler.errors import ModelNotFound, ModelProtected
from upscaler.services.models.custom_model_records import find_custom_model, new_record, storage_keys

FINDINGS = Findings(scale=2, channels=3, input="x", output="y")
MINE = Manifest("mine", ONNX, {"model.onnx": "a" * 64}, "MIT", FINDINGS)


def test_a_record_keeps_its_manifest(db_session: Session) -> None:
    row = new_record(MINE)
    db_session.add(row)
    db_session.commit()
    db_session.expire_all()

    assert find_custom_model(db_session, "mine") == (row, MINE)
    assert (row.type, row.scale, row.sha256, row.licence) == ("other", 2, "a" * 64, "MIT")


def test_a_model_that_restores_faces_has_a_type_of_its_own() -> None:
    faces = replace(MINE, findings=replace(FINDINGS, scale=1, purpose=FACES))

    assert new_record(faces).type == "faces"


def test_each_file_has_a_key_in_the_folder_of_its_record() -> None:
    pair = Manifest("pair", NCNN, {"model.param": "a" * 64, "model.bin": "b" * 64}, "MIT", FINDINGS)
    row, other = new_record(pair), new_record(pair)

    keys = storage_keys(row, pair)

    folder = row.artifact_path.rpartition("/")[0]
    assert folder.startswith("models/pair/")
    assert keys == {"model.param": f"{folder}/{'a' * 32}.param", "model.bin": row.artifact_path}
    # The same model added twice shares no file.
    assert not set(keys.values()) & set(storage_keys(other, pair).values())


def test_a_model_of_the_catalogue_is_protected_and_others_are_not_found(db_session: Session) -> None:
    with pytest.raises(ModelProtected):
        find_custom_model(db_session, "realesrgan-x4plus")
    with pytest.raises(ModelNotFound):
        find_custom_model(db_session, "unknown")
    factories.new_model(db_session, "broken", default_params={"version": 0})
    with pytest.raises(ModelNotFound):
        find_custom_model(db_session, "broken")
