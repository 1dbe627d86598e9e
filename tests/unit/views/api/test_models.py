"""The models in use, as everyone sees them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from tests import factories
from tests.unit.views.api.conftest import Program
from upscaler.engine.model_zoo.catalogue import MODELS
from upscaler.engine.model_zoo.custom_model import ONNX, Findings, Manifest
from upscaler.services.models.model_table import sync_catalogue

MINE = Manifest(
    "mine", ONNX, {"model.onnx": "a" * 64}, "MIT", Findings(scale=2, channels=3, input="x", output="y")
)


def names(visitor: Program) -> list[str]:
    return [model["name"] for model in visitor.get("/models").get_json()["items"]]


def test_a_visitor_sees_the_catalogue_and_added_models_by_name(visitor: Program, session: Session) -> None:
    sync_catalogue(session)
    factories.new_model(session, "mine", default_params=MINE.as_dict())

    assert names(visitor) == sorted([*MODELS, "mine"])


@pytest.mark.parametrize(
    "params", [replace(MINE, active=False).as_dict(), {"version": 0}], ids=["not active", "unreadable"]
)
def test_a_model_that_no_job_may_name_is_left_out(
    visitor: Program, session: Session, params: dict[str, object]
) -> None:
    factories.new_model(session, "mine", default_params=params)

    assert names(visitor) == []
    assert visitor.upload(model="mine").get_json()["code"] == "unknown_model"
