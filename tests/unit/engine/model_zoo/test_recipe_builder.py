from __future__ import annotations

import itertools
import math
from typing import Any

import pytest

from upscaler.engine.model_zoo import recipe_builder
from upscaler.engine.model_zoo.catalogue import MODELS
from upscaler.engine.model_zoo.recipe_builder import (
    Choice,
    all_recipes,
    face_recipe,
    recipe_for,
    remove_jpeg_marks,
)
from upscaler.engine.model_zoo.recipes import scale_of
from upscaler.engine.options import DENOISE_LEVELS, FACTORS, PRESETS, UpscaleOptions, factor_number
from upscaler.engine.presets import JPEG, SOURCES


@pytest.mark.parametrize(
    "choice", all_recipes(), ids=lambda c: f"{c.preset}-{c.factor}-{c.denoise}-{c.source}"
)
def test_every_choice_has_a_recipe_of_its_factor(choice: Choice) -> None:
    recipe = choice.recipe
    options = UpscaleOptions(choice.factor, choice.preset, choice.denoise)

    assert recipe.scale == options.model_scale(1, 1) >= factor_number(choice.factor)
    assert recipe_for(options, choice.source) == recipe
    for stage in recipe.stages:
        assert all(scale_of(models) >= stage.scale for models, _ in stage.branches)
        assert sum(share for _, share in stage.branches) == pytest.approx(1)
    assert math.prod(stage.scale for stage in recipe.stages) == recipe.scale
    assert recipe.seconds_per_megapixel > 0


def test_the_listing_has_each_combination_once() -> None:
    combinations = {(choice.preset, choice.factor, choice.denoise, choice.source) for choice in all_recipes()}

    expected = len(PRESETS) * len(FACTORS) * len(DENOISE_LEVELS) * len(SOURCES)
    assert len(combinations) == len(all_recipes()) == expected


def test_equal_names_mean_equal_models() -> None:
    by_name: dict[str, set[object]] = {}
    for choice, detail in itertools.product(all_recipes(), (None, 0, 30, 100)):
        options = UpscaleOptions(choice.factor, choice.preset, choice.denoise, detail=detail)
        recipe = recipe_for(options, choice.source)
        by_name.setdefault(recipe.name, set()).add(
            tuple(
                (stage.chain, stage.blend_with, stage.blend, stage.downscaled_to) for stage in recipe.stages
            )
        )

    assert all(len(recipes) == 1 for recipes in by_name.values())


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("factor", FACTORS)
def test_none_removes_no_noise(preset: str, factor: str) -> None:
    recipe = recipe_for(UpscaleOptions(factor, preset, "none"))

    assert {model.noise_level for model in recipe.models} == {None}


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("denoise", ["none", "low"])
def test_the_faithful_models_of_a_jpeg_image_remove_its_marks_first(
    preset: str, factor: str, denoise: str
) -> None:
    recipe = recipe_for(UpscaleOptions(factor, preset, denoise, detail=0), JPEG)

    stages = [[model.noise_level for model in stage.branches[0].models] for stage in recipe.stages]
    assert stages[0][0] == 1
    assert {level for levels in (stages[0][1:], *stages[1:]) for level in levels} <= {None}
    assert remove_jpeg_marks(recipe.models, UpscaleOptions(factor, preset, denoise)) == (denoise == "none")


@pytest.mark.parametrize(("denoise", "level"), [("med", 2), ("high", 3)])
def test_srmd_has_help_with_more_noise_in_a_jpeg_image(denoise: str, level: int) -> None:
    srmd, trained = recipe_for(UpscaleOptions("4x", "standard", denoise), JPEG).branches

    assert (srmd[0][0].type, srmd[1]) == ("srmd", pytest.approx(0.7))
    assert [model.name for model in trained[0]] == [f"waifu2x-cunet-1x-n{level}", "span-x4"]


def test_a_perceptual_model_takes_a_jpeg_image_as_it_is() -> None:
    recipe = recipe_for(UpscaleOptions("4x", "photo"), JPEG)

    assert recipe.chain == ("realesrgan-x4plus-fitted",)
    assert not remove_jpeg_marks(recipe.models, UpscaleOptions("4x", "photo"))


@pytest.fixture(params=[True, False], ids=["SRMD", "waifu2x"])
def with_srmd(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Have SRMD's weights installed or not."""
    monkeypatch.setattr(recipe_builder, "has_srmd", lambda: request.param)
    return bool(request.param)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("factor", FACTORS)
def test_more_noise_removal_takes_a_stronger_model(preset: str, factor: str, with_srmd: bool) -> None:
    levels = []
    for denoise in ("low", "med", "high"):
        recipe = recipe_for(UpscaleOptions(factor, preset, denoise))
        levels.append(max(model.noise_level or 0 for model in recipe.models))

    assert levels == ([5, 15, 30] if with_srmd else [1, 2, 3])


def test_noise_beside_a_perceptual_model_is_removed_on_a_branch_of_its_own(with_srmd: bool) -> None:
    recipe = recipe_for(UpscaleOptions("4x", "photo", "med"))

    assert recipe.chain[-1] == "realesrgan-x4plus-fitted"
    assert recipe.blend_with == (("srmd-4x-s15",) if with_srmd else ())
    assert recipe.chain[:-1] == (() if with_srmd else ("waifu2x-cunet-1x-n2",))


def test_the_stronger_the_removal_the_less_is_generated() -> None:
    shares = [
        recipe_for(UpscaleOptions("4x", "photo", grade, detail=detail)).branches[0][1]
        for detail in (100, 60)
        for grade in DENOISE_LEVELS
    ]

    assert shares == pytest.approx([1, 0.85, 0.7, 0.5, 0.6, 0.51, 0.42, 0.3])


@pytest.mark.parametrize("factor", ["2x", "4x"])
def test_the_faithful_branch_removes_noise_with_srmd_alone(factor: str) -> None:
    recipe = recipe_for(UpscaleOptions(factor, "standard", "high"))

    assert (recipe.chain, recipe.blend_with) == ((f"srmd-{factor}-s30",), ())


def test_a_model_that_is_named_gets_an_image_without_noise(with_srmd: bool) -> None:
    recipe = recipe_for(UpscaleOptions("4x", denoise="med", model="realesr-animevideov3-x4"))

    first, second = recipe.stages
    assert first.scale == 1
    assert first.models[0].noise_level == (15 if with_srmd else 2)
    assert second.chain == ("realesr-animevideov3-x4",)


def test_a_face_at_4x_is_half_perceptual_and_half_faithful() -> None:
    recipe = recipe_for(UpscaleOptions("4x", "face"))

    perceptual, faithful = recipe.branches
    assert [model.name for model in perceptual[0]] == ["realesrgan-x4plus"]
    assert [model.name for model in faithful[0]] == ["span-x4"]
    assert perceptual[1] == faithful[1] == 0.5


WHOLE, FITTED = "realesrgan-x4plus", "realesrgan-x4plus-fitted"


@pytest.mark.parametrize(
    ("options", "on_processor", "model"),
    [
        (UpscaleOptions("4x", "photo"), True, FITTED),
        (UpscaleOptions("4x", "photo", detail=60), True, FITTED),
        (UpscaleOptions("2x", "photo", detail=60), True, FITTED),
        (UpscaleOptions("4x", "photo", detail=100), True, WHOLE),
        (UpscaleOptions("4x", "photo"), False, WHOLE),
        (UpscaleOptions("4x", "face"), True, WHOLE),
        (UpscaleOptions("4x", "standard", detail=50), True, WHOLE),
    ],
)
def test_a_processor_runs_the_fitted_model_for_photographs(
    options: UpscaleOptions, on_processor: bool, model: str
) -> None:
    recipe = recipe_for(options, on_processor=on_processor)

    assert recipe.chain == (model,)
    assert (FITTED in recipe.name) == (model == FITTED)


def test_where_it_cannot_be_made_the_whole_model_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipe_builder, "has_fitted", lambda: False)

    assert recipe_for(UpscaleOptions("4x", "photo")).chain == (WHOLE,)


def test_a_chain_costs_more_the_larger_its_input_has_grown() -> None:
    once = MODELS["waifu2x-cunet"].seconds_per_megapixel
    twice = recipe_for(UpscaleOptions("4x", "art", detail=0), JPEG)

    assert twice.seconds_per_megapixel == pytest.approx(once + 4 * once)


def test_detail_leads_from_the_faithful_to_the_perceptual_model() -> None:
    faithful, blended, perceptual = (
        recipe_for(UpscaleOptions("4x", "standard", detail=detail)) for detail in (0, 30, 100)
    )

    assert faithful == recipe_for(UpscaleOptions("4x", "standard"))
    assert perceptual.chain == ("realesrgan-x4plus",)
    assert dict(zip([branch.models[0].name for branch in blended.branches], [0.3, 0.7], strict=True)) == {
        models[0].name: pytest.approx(share) for models, share in blended.branches
    }


def test_8x_goes_through_the_image_twice_and_removes_noise_once() -> None:
    recipe = recipe_for(UpscaleOptions("8x", "photo", "high"))

    assert [stage.scale for stage in recipe.stages] == [4, 2]
    assert recipe.stages[0].chain == ("realesrgan-x4plus-fitted",)
    assert {model.noise_level for models, _ in recipe.stages[1].branches for model in models} == {None}
    once = recipe_for(UpscaleOptions("4x", "photo", "high")).seconds_per_megapixel
    assert recipe.seconds_per_megapixel == pytest.approx(once + 16 * MODELS["span-x2"].seconds_per_megapixel)


def test_a_wanted_size_takes_the_smallest_models_that_reach_it() -> None:
    for width, scale in ((100, 2), (200, 2), (201, 4), (400, 4), (401, 8)):
        assert recipe_for(UpscaleOptions("fit", target_width=width), size=(100, 50)).scale == scale


def test_faces_take_as_much_of_the_perceptual_model_at_twice_the_size() -> None:
    def branches(factor: str, preset: str, **more: Any) -> list[tuple[tuple[str, ...], float]]:
        recipe = face_recipe(UpscaleOptions(factor, preset, **more), 2 if factor == "2x" else 4)
        assert recipe is not None
        assert recipe.scale == (2 if factor == "2x" else 4)
        return [(tuple(model.name for model in models), share) for models, share in recipe.branches]

    faithful, finer = ("waifu2x-cunet", "waifu2x-cunet"), ("waifu2x-upconv7-photo", "realesrgan-x4plus")
    photo = ("waifu2x-upconv7-photo",)
    assert branches("4x", "standard") == [(faithful, 0.5), (photo * 2, 0.5)]
    assert branches("2x", "photo") == [(faithful[:1], 0.5), (photo, 0.5)]
    assert branches("8x", "photo") == [(finer, 1)]
    assert branches("4x", "face") == [(finer, 0.5), (faithful, 0.5)]
    assert branches("2x", "photo", detail=100) == [(finer, 1)]
    assert branches("4x", "face", denoise="high") == [
        (("waifu2x-upconv7-photo-n3", "realesrgan-x4plus"), 0.5),
        (("waifu2x-cunet-n3", "waifu2x-cunet"), 0.5),
    ]


@pytest.mark.parametrize(
    ("options", "scale"),
    [
        (UpscaleOptions("4x", "art"), 4),
        (UpscaleOptions("4x", "photo", model="realesrgan-x4plus"), 4),
        (UpscaleOptions("3x", "photo"), 3),
    ],
    ids=["drawing", "named", "scale"],
)
def test_where_nothing_was_measured_nothing_is_better_for_faces(options: UpscaleOptions, scale: int) -> None:
    assert face_recipe(options, scale) is None
