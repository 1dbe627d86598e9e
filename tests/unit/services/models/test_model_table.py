from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import factories
from upscaler.engine.model_zoo.catalogue import MODELS
from upscaler.engine.model_zoo.custom_model import FACES, ONNX, Findings, Manifest, Use
from upscaler.engine.model_zoo.recipe_builder import all_recipes
from upscaler.engine.options import UpscaleOptions
from upscaler.errors import UnknownModel
from upscaler.models import ModelRecord
from upscaler.services.models import model_table
from upscaler.services.models.custom_model_records import new_record

FINDINGS = Findings(scale=2, channels=3, input="x", output="y")
MINE = Manifest("mine", ONNX, {"model.onnx": "a" * 64}, "MIT", FINDINGS, uses=(Use("photo", "2x"),))
FACE_MODEL = replace(MINE, name="faces", uses=(), findings=replace(FINDINGS, scale=1, purpose=FACES))
PHOTO = UpscaleOptions("2x", "photo")


def add(session: Session, *manifests: Manifest) -> None:
    session.add_all([new_record(manifest) for manifest in manifests])
    session.commit()


def test_the_table_follows_the_catalogue_and_keeps_other_models(db_session: Session) -> None:
    add(db_session, MINE)
    model_table.sync_catalogue(db_session)
    row = db_session.scalars(select(ModelRecord).where(ModelRecord.name == "realesrgan-x4plus")).one()
    row.licence = "another"
    db_session.commit()

    model_table.sync_catalogue(db_session)

    assert row.licence == MODELS["realesrgan-x4plus"].licence
    names = list(db_session.scalars(select(ModelRecord.name)))
    assert sorted(names) == sorted([*MODELS, "mine"])
    assert model_table.manifest_of(row) is None


def test_added_models_are_listed_by_name_without_broken_ones(db_session: Session) -> None:
    model_table.sync_catalogue(db_session)
    add(db_session, MINE, FACE_MODEL)
    factories.new_model(db_session, "broken", default_params={"version": 0})

    assert model_table.added(db_session) == [FACE_MODEL, MINE]


@pytest.mark.parametrize(
    ("params", "used"),
    [(MINE.as_dict(), True), (replace(MINE, active=False).as_dict(), False), ({"version": 0}, False)],
    ids=["active", "not active", "broken"],
)
def test_an_added_model_is_in_use_where_a_job_may_name_it(
    db_session: Session, params: dict[str, object], used: bool
) -> None:
    row = factories.new_model(db_session, "mine", default_params=params)

    assert model_table.in_use(row) is used
    if not used:
        with pytest.raises(UnknownModel):
            model_table.chosen(db_session, replace(PHOTO, model="mine"))


def test_the_options_of_a_job_name_the_added_model_that_serves_them(db_session: Session) -> None:
    assert model_table.chosen(db_session, PHOTO) == (PHOTO, None)
    add(db_session, MINE)

    options, model = model_table.chosen(db_session, PHOTO)

    assert options == replace(PHOTO, model="mine")
    assert model is not None
    assert (model.name, model.scale) == ("mine", 2)
    others = UpscaleOptions("4x", "photo")
    assert model_table.chosen(db_session, others) == (others, None)
    named = replace(PHOTO, model="realesrgan-x4plus")
    assert model_table.chosen(db_session, named) == (named, None)


def test_a_model_that_is_unknown_inactive_or_for_faces_cannot_be_chosen(db_session: Session) -> None:
    add(db_session, replace(MINE, active=False), FACE_MODEL)

    assert model_table.chosen(db_session, PHOTO) == (PHOTO, None)
    for name in ("unknown", "mine"):
        with pytest.raises(UnknownModel):
            model_table.chosen(db_session, replace(PHOTO, model=name))
    with pytest.raises(UnknownModel, match="restores faces"):
        model_table.chosen(db_session, replace(PHOTO, model="faces"))


def test_the_choices_show_the_added_model_where_it_serves(db_session: Session) -> None:
    assert model_table.choices(db_session) == list(all_recipes())
    add(db_session, MINE)

    changed = [
        (choice.preset, choice.factor)
        for choice, usual in zip(model_table.choices(db_session), all_recipes(), strict=True)
        if choice != usual
    ]

    assert set(changed) == {("photo", "2x")}
