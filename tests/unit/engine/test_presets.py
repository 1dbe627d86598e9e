from pathlib import Path

import pytest

from upscaler.engine.model_zoo.catalogue import MODELS
from upscaler.engine.options import PRESETS
from upscaler.engine.presets import PRESET_TABLE, Preset

README = Path(__file__).parents[3] / "README.md"


def test_options_offer_each_preset_of_the_table():
    assert tuple(PRESET_TABLE) == PRESETS
    assert all(preset.name == name for name, preset in PRESET_TABLE.items())


@pytest.mark.parametrize("preset", PRESET_TABLE.values(), ids=lambda preset: preset.name)
def test_each_preset_names_models_of_the_scales_it_needs(preset: Preset):
    assert MODELS[preset.faithful].scale == 2
    assert MODELS[preset.perceptual].scale == 4
    assert set(preset.detail) == {2, 4}
    assert all(0 <= share <= 100 for share in preset.detail.values())


def test_the_readme_has_a_row_for_each_preset():
    section = README.read_text("utf-8").partition("\n## Presets\n")[2].partition("\n## ")[0]
    rows = [line.split("`")[1] for line in section.splitlines() if line.startswith("| `")]

    assert rows == list(PRESETS)
