from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from upscaler.engine.model_zoo.catalogue import MODELS
from upscaler.models import AuditLog, ModelRecord, Setting


def test_every_model_is_listed_with_licence_and_hash(admin) -> None:
    page = admin.get("/admin/models").text

    for model in sorted(MODELS.values(), key=lambda model: model.name)[:25]:
        assert model.name in page
        assert model.bin_sha256 in page
        assert model.licence in page


@pytest.mark.parametrize(
    ("query", "shown"), [("type=esrgan", True), ("type=waifu2x", False), ("q=ANIME", True)]
)
def test_models_can_be_searched(admin, query: str, shown: bool) -> None:
    assert (">realesrgan-x4plus-anime<" in admin.get(f"/admin/models?{query}").text) is shown


def test_a_model_shows_its_uses(admin, session: Session) -> None:
    model = session.query(ModelRecord).filter_by(name="realesrgan-x4plus-fitted").one()

    page = admin.get(f"/admin/models/{model.id}").text

    assert MODELS[model.name].note in page
    assert "<td>Photo</td>" in page
    assert "<td>Photo (JPEG)</td>" in page
    assert "<td>None</td>" in page


def test_an_unknown_model_is_not_found(admin) -> None:
    assert admin.get("/admin/models/999999").status_code == 404


def test_the_default_preset_is_chosen_here(
    admin, session: Session, trail: Callable[..., list[AuditLog]]
) -> None:
    admin.post("/admin/models/default-preset", {"default_preset": "art"}, page="/admin/models")

    assert '<option value="art" selected>Art</option>' in admin.get("/admin/models").text
    assert session.query(Setting).one().value == "art"
    assert [row.details for row in trail("setting.change")] == [{"from": "standard", "to": "art"}]


def test_an_unknown_preset_is_refused(admin, session: Session) -> None:
    answer = admin.post("/admin/models/default-preset", {"default_preset": "magic"}, page="/admin/models")

    assert "magic" in admin.get(answer.location).text
    assert session.query(Setting).count() == 0
