"""The record of what upscaled a stage: its models, or what stood in for them, and the backend they ran on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from upscaler.engine.backends.base import Backend
from upscaler.engine.devices.attempts import Attempt
from upscaler.engine.model_zoo.catalogue import Model
from upscaler.engine.model_zoo.recipes import Recipe


@dataclass(frozen=True)
class StageRun:
    """One stage that went through a whole image on one backend.

    Attributes:
        recipe: of the stage.
        backend: that ran it from the first tile to the last.
        tile: longest side of a tile's core in input pixels.
        description: of the backend and of those that were not taken, as JSON-ready values.
        stand_ins: further models, which took the place of some of the recipe's on parts of the image.

    """

    recipe: Recipe
    backend: Backend
    tile: int
    description: dict[str, Any]
    stand_ins: tuple[Model, ...] = ()

    @property
    def name(self) -> str:
        """The recipe's name; that of the backend where it stood in for the models."""
        return self.recipe.name if self.backend.runs_models else self.backend.name

    @property
    def models(self) -> tuple[Model, ...]:
        """The models that ran; none where the backend stood in for them."""
        if not self.backend.runs_models:
            return ()
        planned = self.recipe.models
        return (*planned, *(model for model in self.stand_ins if model not in planned))

    @property
    def attempt(self) -> Attempt:
        """The attempt that worked."""
        return Attempt(*self.backend.device_key, self.tile, None)

    def as_dict(self, part: str) -> dict[str, Any]:
        """Return the run as JSON-ready values; ``part`` is that of the image, such as its colours."""
        return {
            "part": part,
            "model": self.name,
            "models": [model.name for model in self.models],
            "scale": self.recipe.scale,
            **self.backend.describe(),
            "streams": self.backend.streams_for(self.recipe.models),
            "chosen_by": self.description.get("chosen_by", ""),
            "tile": self.tile,
        }


def name_of(recipe: Recipe, runs: Sequence[StageRun]) -> str:
    """Return the name of what ran for a whole recipe, whose stages are ``runs``."""
    if all(run.backend.runs_models for run in runs):
        return recipe.name
    return " + ".join(dict.fromkeys(run.name for run in runs))


def models_of(runs: Iterable[StageRun]) -> tuple[Model, ...]:
    """Return the models that ran, each once."""
    used = {model.name: model for run in runs for model in run.models}
    return tuple(used.values())
