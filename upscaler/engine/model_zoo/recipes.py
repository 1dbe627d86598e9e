"""Recipes: which models upscale an image, in which order, and how their results are blended."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from upscaler.engine.model_zoo.catalogue import MODELS, Model


class Branch(NamedTuple):
    """Models that run one after another, and the share of their result in the image, 0 to 1."""

    models: tuple[Model, ...]
    share: float


@dataclass(frozen=True)
class Recipe:
    """A chain of models, optionally a second chain to blend with, and optionally a recipe for the stage after it.

    A *branch* is one chain: both start from the same image, and their results are blended. A *stage* goes through the
    whole image before the next one starts.

    Attributes:
        name: shown to people and stored with the job.
        chain: names of the models of the first branch, in the order they run.
        blend_with: names of the models of the second branch, empty for none.
        blend: share of the second branch in the result, 0 to 1.
        note: one sentence on why these models.
        downscaled_to: output side per input side where a branch upscales more than that and is downscaled; 0 where
            none does.
        then: the recipe that upscales the whole result of this one once more, or None.
        custom: the models of ``chain`` that are not of the catalogue.

    """

    name: str
    chain: tuple[str, ...]
    blend_with: tuple[str, ...] = ()
    blend: float = 0.0
    note: str = ""
    downscaled_to: int = 0
    then: Recipe | None = None
    custom: tuple[Model, ...] = ()

    @property
    def branches(self) -> tuple[Branch, ...]:
        """The branches of this stage, without those of ``then``."""
        branches = [Branch(tuple(self._model(name) for name in self.chain), 1.0 - self.blend)]
        if self.blend_with:
            branches.append(Branch(tuple(self._model(name) for name in self.blend_with), self.blend))
        return tuple(branches)

    @property
    def costliest(self) -> Model:
        """The model of this stage that takes most of its time."""
        costs: dict[float, Model] = {}
        for branch in self.branches:
            scale = 1
            for model in branch.models:
                costs.setdefault(model.seconds_per_megapixel * scale**2, model)
                scale *= model.scale
        return costs[max(costs)]

    @property
    def stages(self) -> tuple[Recipe, ...]:
        """The recipes that go through the whole image one after another, none of which has a ``then``."""
        return (replace(self, then=None), *(self.then.stages if self.then else ()))

    @property
    def models(self) -> tuple[Model, ...]:
        """Every model of the recipe, each once."""
        used = {
            model.name: model for stage in self.stages for branch in stage.branches for model in branch.models
        }
        return tuple(used.values())

    @property
    def scale(self) -> int:
        """Output side in pixels per input side."""
        first = self.downscaled_to or scale_of(self._model(name) for name in self.chain)
        return first * (self.then.scale if self.then else 1)

    @property
    def seconds_per_megapixel(self) -> float:
        """Estimate for one input megapixel on two CPU cores, until something was measured."""
        return self.total(lambda model: model.seconds_per_megapixel)

    def total(self, cost: Callable[[Model], float]) -> float:
        """Return the sum of what the models cost, each for a megapixel of its own input, for one of the image's."""
        total, grown = 0.0, 1
        for stage in self.stages:
            for branch in stage.branches:
                scale = grown
                for model in branch.models:
                    total += cost(model) * scale**2
                    scale *= model.scale
            grown *= stage.scale
        return total

    def _model(self, name: str) -> Model:
        return next((model for model in self.custom if model.name == name), None) or MODELS[name]


def scale_of(models: Iterable[Model]) -> int:
    """Return the output side per input side of models that run one after another."""
    return math.prod(model.scale for model in models)
