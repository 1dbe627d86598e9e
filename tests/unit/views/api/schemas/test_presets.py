from __future__ import annotations

import itertools
import re

import pytest

from tests.support.strict_schemas import misfits
from tests.unit.views.api.conftest import Program
from upscaler.engine.options import DENOISE_LEVELS, FACTORS, PRESETS
from upscaler.engine.presets import SOURCES
from upscaler.views.api.schemas.presets import PresetListSchema


@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_presets_fit_in_every_language(visitor: Program, language: str) -> None:
    answer = visitor.get("/presets", headers={"Accept-Language": language}).get_json()

    assert misfits(PresetListSchema(), answer) == []
    assert [preset["name"] for preset in answer["items"]] == list(PRESETS)
    latin = [re.search("[A-Za-z]", preset["label"] + preset["description"]) for preset in answer["items"]]
    assert all(latin) if language == "en" else not any(latin)


def test_each_factor_noise_level_and_source_is_served_once_by_each_preset(visitor: Program) -> None:
    for preset in visitor.get("/presets").get_json()["items"]:
        choices = [(choice["factor"], choice["denoise"], choice["source"]) for choice in preset["choices"]]

        assert sorted(choices) == sorted(itertools.product(FACTORS, DENOISE_LEVELS, SOURCES))
