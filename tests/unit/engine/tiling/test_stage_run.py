from __future__ import annotations

import json

from upscaler.engine.backends.base import Backend
from upscaler.engine.backends.lanczos import LanczosBackend
from upscaler.engine.model_zoo.catalogue import MODELS
from upscaler.engine.model_zoo.recipes import Recipe
from upscaler.engine.settings import EngineSettings
from upscaler.engine.tiling.stage_run import StageRun, models_of, name_of

SETTINGS = EngineSettings(threads=1)
PHOTO, CUNET = "waifu2x-upconv7-photo", "waifu2x-cunet"
RECIPE = Recipe("both-8x", (CUNET, CUNET), then=Recipe("again", (PHOTO,)))


class ModelBackend(LanczosBackend):
    """Stands for a backend that runs models."""

    name = "models"
    runs_models = True


def runs(*backends: type[Backend]) -> list[StageRun]:
    """Return a run of each stage of the recipe."""
    return [
        StageRun(stage, backend(SETTINGS), 64, {"engine": backend.name})  # type: ignore[abstract]
        for stage, backend in zip(RECIPE.stages, backends, strict=True)
    ]


def test_what_ran_is_the_recipe_where_all_of_its_models_ran() -> None:
    ran = runs(ModelBackend, ModelBackend)

    assert name_of(RECIPE, ran) == "both-8x"
    assert [model.name for model in models_of([*ran, *ran])] == [CUNET, PHOTO], "each is listed once"


def test_what_stood_in_for_the_models_is_named_and_they_are_not() -> None:
    ran = runs(LanczosBackend, LanczosBackend)

    assert name_of(RECIPE, ran) == "lanczos"
    assert models_of(ran) == ()


def test_a_backend_that_took_over_in_between_is_named_for_its_stage() -> None:
    ran = runs(ModelBackend, LanczosBackend)

    assert name_of(RECIPE, ran) == "both-8x + lanczos"
    assert [model.name for model in models_of(ran)] == [CUNET]
    first, second = (run.as_dict("colour") for run in ran)
    assert json.loads(json.dumps(first)) == first
    assert (first["part"], first["model"], first["models"], first["scale"]) == (
        "colour",
        "both-8x",
        [CUNET],
        4,
    )
    assert (first["engine"], first["tile"]) == ("models", 64)
    assert (second["model"], second["models"], second["engine"]) == ("lanczos", [], "lanczos")


def test_stand_ins_are_among_the_models_that_ran_each_once() -> None:
    stand_ins = (MODELS[CUNET], MODELS[PHOTO])

    ran = [
        StageRun(RECIPE.stages[0], backend(SETTINGS), 64, {}, stand_ins)  # type: ignore[abstract]
        for backend in (ModelBackend, LanczosBackend)
    ]

    assert [[model.name for model in run.models] for run in ran] == [[CUNET, PHOTO], []]
