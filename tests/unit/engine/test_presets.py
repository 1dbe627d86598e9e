import itertools
import math
from pathlib import Path

import pytest

from upscaler.engine.model_zoo.catalogue import MODELS
from upscaler.engine.options import PRESETS
from upscaler.engine.presets import CLEAN, JPEG, PRESET_TABLE, SOURCES, Preset, source_of

README = Path(__file__).parents[3] / "README.md"


def test_options_offer_each_preset_of_the_table():
    assert tuple(PRESET_TABLE) == PRESETS
    assert all(preset.name == name for name, preset in PRESET_TABLE.items())


@pytest.mark.parametrize("preset", PRESET_TABLE.values(), ids=lambda preset: preset.name)
def test_each_preset_names_models_of_the_scales_it_needs(preset: Preset):
    assert MODELS[preset.perceptual].scale == 4
    assert set(preset.cells) == set(itertools.product((2, 4), SOURCES))
    for (scale, _), cell in preset.cells.items():
        assert math.prod(MODELS[name].scale for name in cell.faithful) == scale
        assert 0 <= cell.detail <= 100


@pytest.mark.parametrize(
    ("quality", "source"), [(None, CLEAN), (1, JPEG), (75, JPEG), (90, JPEG), (91, CLEAN), (100, CLEAN)]
)
def test_marks_that_are_hardly_there_count_for_nothing(quality: int | None, source: str):
    assert source_of(quality) == source


def test_the_readme_has_a_row_for_each_preset():
    section = README.read_text("utf-8").partition("\n## Presets\n")[2].partition("\n## ")[0]
    rows = [line.split("`")[1] for line in section.splitlines() if line.startswith("| `")]

    assert rows == list(PRESETS)
