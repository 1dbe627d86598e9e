from __future__ import annotations

import io
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests import factories
from tests.support.strict_schemas import misfits
from tests.unit.views.api.conftest import Program, described, faults
from upscaler.engine.model_zoo.custom_model import ONNX, Findings, Manifest
from upscaler.services.models.model_table import sync_catalogue
from upscaler.views.api.schemas.models import AdminModelListSchema, AdminModelSchema, ModelListSchema

MINE = Manifest(
    "mine", ONNX, {"model.onnx": "a" * 64}, "MIT", Findings(scale=2, channels=3, input="x", output="y")
)
USE = {"preset": "photo", "factor": "2x"}


@pytest.fixture
def mine(session: Session) -> str:
    """The address of an added model."""
    factories.new_model(session, "mine", default_params=MINE.as_dict())
    return "/admin/models/mine"


def test_lists_of_models_fit(admin: Program, visitor: Program, session: Session, mine: str) -> None:
    sync_catalogue(session)

    public, internal = visitor.get("/models").get_json(), admin.get("/admin/models?limit=100").get_json()

    assert misfits(ModelListSchema(), public) == []
    assert misfits(AdminModelListSchema(), internal) == []
    assert [model["id"] for model in public["items"]] == [model["id"] for model in internal["items"]]


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"is_active": False},
        {"licence": ""},
        {"licence": "x" * 64, "uses": [USE, {"preset": "art", "factor": "8x"}], "is_active": True},
    ],
    ids=str,
)
def test_a_changed_model_comes_back_as_it_was_sent(admin: Program, mine: str, change: dict[str, Any]) -> None:
    changed = admin.request("PATCH", mine, json=change).get_json()

    assert misfits(AdminModelSchema(), changed) == []
    assert {name: changed[name] for name in change} == change


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (
            {"name": "other", "is_active": 1, "licence": "x" * 65, "uses": USE},
            [
                ("name", "unknown_parameter"),
                *((name, "invalid_parameter") for name in ("is_active", "licence", "uses")),
            ],
        ),
        ({"is_active": None, "licence": None}, [(n, "invalid_parameter") for n in ("is_active", "licence")]),
        ({"uses": None}, [("uses", "invalid_parameter")]),
        ({"uses": [USE, {**USE, "preset": "blue"}]}, [("uses", "invalid_parameter")]),
        # It is the list that was sent and known, however little is right inside it.
        ({"uses": [{"preset": "photo"}]}, [("uses", "invalid_parameter")]),
        ({"uses": [{**USE, "model": "mine"}]}, [("uses", "invalid_parameter")]),
    ],
    ids=str,
)
def test_each_wrong_member_of_a_change_is_listed(
    admin: Program, mine: str, change: dict[str, Any], found: list[tuple[str, str]]
) -> None:
    assert faults(admin.request("PATCH", mine, json=change)) == found


@pytest.mark.parametrize(
    ("fields", "parameter"),
    [
        ({}, None),
        ({"name": "a-b_2", "licence": "CC0-1.0", "preset": "art", "factor": "3x"}, None),
        ({"name": "No Name"}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"name": "-a"}, "name"),
        ({"licence": "x" * 65}, "licence"),
        ({"preset": "blue", "factor": "2x"}, "preset"),
        ({"preset": "art", "factor": "fit"}, "factor"),
        ({"scale": "2"}, "scale"),
    ],
    ids=str,
)
def test_the_form_of_a_new_model_is_read_as_it_is_described(
    admin: Program, fields: dict[str, str], parameter: str | None
) -> None:
    form = described("ModelForm")
    assert form.is_valid({"file": ["content"], **fields}) is (parameter is None)
    assert not form.is_valid(fields)

    answer = admin.post("/admin/models", data={"file": [(io.BytesIO(b"no model"), "mine.onnx")], **fields})

    if parameter is None:
        # The form is right, and the file is looked at.
        assert answer.get_json()["code"] == "model_rejected"
    else:
        assert [name for name, _ in faults(answer)] == [parameter]
