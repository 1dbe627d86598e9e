from __future__ import annotations

import pytest

from upscaler.engine.catalogue import MODELS
from upscaler.engine.options import DENOISE_LEVELS, FACTORS, PRESETS, UpscaleOptions
from upscaler.engine.presets import Choice, all_recipes, recipe_for


@pytest.mark.parametrize("choice", all_recipes(), ids=lambda c: f"{c.preset}-{c.factor}-{c.denoise}")
def test_every_choice_has_a_recipe_of_its_factor(choice: Choice) -> None:
    recipe = choice.recipe
    options = UpscaleOptions(choice.factor, choice.preset, choice.denoise)

    assert recipe.scale == options.scale
    assert recipe_for(options) == recipe
    for models, _ in recipe.ways:
        scale = 1
        for model in models:
            scale *= model.scale
        assert scale == recipe.scale
    assert sum(share for _, share in recipe.ways) == pytest.approx(1)
    assert recipe.seconds_per_megapixel > 0


def test_the_listing_has_each_combination_once() -> None:
    combinations = {(choice.preset, choice.factor, choice.denoise) for choice in all_recipes()}

    assert len(combinations) == len(all_recipes()) == len(PRESETS) * len(FACTORS) * len(DENOISE_LEVELS)


def test_equal_names_mean_equal_networks() -> None:
    by_name: dict[str, set[tuple[tuple[str, ...], tuple[str, ...], float]]] = {}
    for choice in all_recipes():
        recipe = choice.recipe
        by_name.setdefault(recipe.name, set()).add((recipe.passes, recipe.blend_with, recipe.blend))

    assert all(len(networks) == 1 for networks in by_name.values())


@pytest.mark.parametrize("preset", [preset for preset in PRESETS if preset != "standard"])
@pytest.mark.parametrize("factor", FACTORS)
def test_none_removes_no_noise(preset: str, factor: str) -> None:
    recipe = recipe_for(UpscaleOptions(factor, preset, "none"))

    assert {model.noise_level for model in recipe.models} == {None}


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("factor", FACTORS)
def test_more_noise_removal_takes_a_stronger_network(preset: str, factor: str) -> None:
    levels = []
    for denoise in ("low", "med", "high"):
        recipe = recipe_for(UpscaleOptions(factor, preset, denoise))
        levels.append(max(model.noise_level or 0 for model in recipe.models))

    assert levels == [1, 2, 3]


def test_noise_is_removed_before_the_picture_is_enlarged_by_a_generative_network() -> None:
    recipe = recipe_for(UpscaleOptions("4x", "photo", "med"))

    assert recipe.passes == ("waifu2x-cunet-1x-n2", "realesrgan-x4plus")


def test_a_face_at_4x_is_half_generative_and_half_faithful() -> None:
    recipe = recipe_for(UpscaleOptions("4x", "face"))

    generative, faithful = recipe.ways
    assert [model.name for model in generative[0]] == ["realesrgan-x4plus"]
    assert {model.type for model in faithful[0]} == {"waifu2x"}
    assert generative[1] == faithful[1] == 0.5
    assert recipe.gpu_recommended


def test_a_chain_costs_more_the_larger_its_input_has_grown() -> None:
    once = MODELS["waifu2x-upconv7-photo"].seconds_per_megapixel
    twice = recipe_for(UpscaleOptions("4x", "standard"))

    assert twice.seconds_per_megapixel == pytest.approx(once + 4 * once)
