"""Which networks serve which choice: preset x factor x noise removal, in one table.

Figures in the comments are PSNR in dB to the original on 10 photographs, first for inputs reduced cleanly,
then for inputs that were blurred, noisy and saved as JPEG; Lanczos reaches 30.7 / 27.4 at 2x and 26.4 / 24.2
at 4x.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache

from upscaler.engine.model_zoo.catalogue import MODELS, Model
from upscaler.engine.model_zoo.weights import is_installed
from upscaler.engine.options import DENOISE_LEVELS, FACTORS, PRESETS, UpscaleOptions
from upscaler.errors import UnknownModel


@dataclass(frozen=True)
class Recipe:
    """Networks to run one after another, and optionally a second, faithful way to blend with.

    Attributes:
        name: shown to people and stored with the job.
        passes: names of the networks, in the order they run.
        blend_with: names of the networks of the second way, empty for none. Both ways start from the image.
        blend: share of the second way in the result, 0 to 1.
        note: one sentence on why these networks.
        reduced_to: output side per input side where a way upscales more than that and is reduced; 0 where none does.
        then: what upscales the whole result of this once more, or None.
        own: the networks of ``passes`` that are not of the catalogue.

    """

    name: str
    passes: tuple[str, ...]
    blend_with: tuple[str, ...] = ()
    blend: float = 0.0
    note: str = ""
    reduced_to: int = 0
    then: Recipe | None = None
    own: tuple[Model, ...] = ()

    @property
    def ways(self) -> tuple[tuple[tuple[Model, ...], float], ...]:
        """Each chain of networks with its share in the result, without those of ``then``."""
        ways = [(tuple(self._network(name) for name in self.passes), 1.0 - self.blend)]
        if self.blend_with:
            ways.append((tuple(self._network(name) for name in self.blend_with), self.blend))
        return tuple(ways)

    @property
    def stages(self) -> tuple[Recipe, ...]:
        """The recipes that go through the whole image one after another, none of which has a ``then``."""
        return (replace(self, then=None), *(self.then.stages if self.then else ()))

    @property
    def models(self) -> tuple[Model, ...]:
        """Every network of the recipe, each once."""
        used = {model.name: model for stage in self.stages for models, _ in stage.ways for model in models}
        return tuple(used.values())

    @property
    def scale(self) -> int:
        """Output side in pixels per input side."""
        own = self.reduced_to or scale_of(self._network(name) for name in self.passes)
        return own * (self.then.scale if self.then else 1)

    @property
    def seconds_per_megapixel(self) -> float:
        """Guess for one input megapixel on two CPU cores, until something was measured."""
        total, grown = 0.0, 1
        for stage in self.stages:
            for models, _ in stage.ways:
                scale = grown
                for model in models:
                    total += model.seconds_per_megapixel * scale**2
                    scale *= model.scale
            grown *= stage.scale
        return total

    @property
    def gpu_recommended(self) -> bool:
        """Whether a CPU takes more than 20 s per input megapixel."""
        return any(model.gpu_recommended for model in self.models)

    def _network(self, name: str) -> Model:
        return next((model for model in self.own if model.name == name), None) or MODELS[name]


def scale_of(models: Iterable[Model]) -> int:
    """Return the output side per input side of networks that run one after another."""
    return math.prod(model.scale for model in models)


# The noise that SRMD is told of for each choice, as the standard deviation in 8-bit levels.
_SIGMAS = {"low": 5, "med": 15, "high": 30}
# How much of the truest way is waifu2x's, and how much SRMD takes of what a generative network would make.
_WAIFU2X_SHARES = {"waifu2x-upconv7-photo": 0.25, "waifu2x-cunet": 0.5}
_TRUE_SHARES = {"low": 0.15, "med": 0.3, "high": 0.5}
# The noise level of the waifu2x networks where SRMD is not installed, None for the network that removes none. Level 3
# gains most on noise, level 1 keeps most of a clean image; between them and in front of x4plus little is graded.
_LEVELS = {"none": None, "low": 1, "med": 2, "high": 3}


def _named(name: str, level: int | None) -> str:
    return name if level is None else f"{name}-n{level}"


def _faithful(network: str, scale: int, level: int | None) -> tuple[str, ...]:
    # The first pass removes the noise, so the second needs no removal.
    return (_named(network, level), *([network] if scale == 4 else []))


def _sharp(network: str, level: int | None) -> tuple[str, ...]:
    # These networks know no noise levels. cunet 1x before x4plus at 4x: sigma 15 24.9 against 24.8, sigma 30 23.7
    # against 23.5, JPEG 24.1 against 23.7.
    return (network,) if level is None else (f"waifu2x-cunet-1x-n{level}", network)


@dataclass(frozen=True)
class _Preset:
    """What a preset chooses from.

    Attributes:
        truest: a waifu2x network that upscales twice; it runs twice for 4x.
        sharpest: a network that upscales four times.
        detail: by scale, how much of the sharpest is taken where nobody says, 0 to 100.
        note: one sentence on why the sharpest.

    """

    truest: str
    sharpest: str
    detail: Mapping[int, int]
    note: str


# 2x: waifu2x's photo network alone reaches 33.3 / 27.4 without noise removal and 33.2 / 27.9 with level 1, at 1.8 s per
# megapixel; x4plus, reduced to half, 29.3 / 27.0 at 47 s, and mangles small faces.
# 4x: the photo network twice reaches 28.1 / 24.6 with level 1 at 8.9 s per megapixel. x4plus, 25.4 / 23.3 at 45 s, is
# chosen for looks: it is sharper to the eye than anything that scores higher. A 50 % blend of it with a faithful
# network scores 27.0 / 24.6, and on faces 25.1 against 23.9 (measured with SRMD as the faithful one, 28.5 / 24.3).
# Drawings: cunet reaches 33.3 / 27.5 on photographs at 2x, and is the best of waifu2x's networks for drawings by its
# authors' account; x4plus-anime was trained on drawings and has a quarter of x4plus's layers.
_PHOTO, _ART, _SHARPEST = "waifu2x-upconv7-photo", "waifu2x-cunet", "realesrgan-x4plus"
_TABLE = {
    "standard": _Preset(_PHOTO, _SHARPEST, {2: 0, 4: 0}, "True to the image, and fast."),
    "photo": _Preset(_PHOTO, _SHARPEST, {2: 0, 4: 100}, "Invents plausible detail where the image has none."),
    "face": _Preset(
        _PHOTO,
        _SHARPEST,
        {2: 0, 4: 50},
        "Half generative, half faithful: sharper than the faithful way, and still the same person.",
    ),
    "art": _Preset(
        _ART, "realesrgan-x4plus-anime", {2: 0, 4: 100}, "Clean lines and flat areas for drawings."
    ),
}


def recipe_for(
    options: UpscaleOptions, width: int = 1, height: int = 1, model: Model | None = None
) -> Recipe:
    """Return the recipe for a person's choices; the image's size in pixels matters to the factor ``fit`` only.

    ``model`` is the network that the options name, where it is not one of the catalogue.

    Raises:
        UnknownModel: the options name a network that is neither in the catalogue nor given.

    """
    if options.model is not None:
        named = model or MODELS.get(options.model)
        if named is None:
            raise UnknownModel(name=options.model)
        return _recipe_with(named, options, options.ratio(width, height))
    preset, scale = _TABLE[options.preset], options.network_scale(width, height)
    first = _graded(preset, min(scale, 4), options.denoise, options.detail)
    if scale <= 4:
        return first
    # Noise is gone and detail is there after the first pass: the second is to change as little as possible.
    second = _stage(preset, scale // 4, None, 0)
    return replace(first, name=f"{first.name}-8x", then=second)


@cache
def has_srmd() -> bool:
    """Tell whether SRMD's weights are installed; there are none for Python 3.13 and later or other processors."""
    return is_installed(MODELS["srmd-2x-s5"])


def _graded(preset: _Preset, scale: int, denoise: str, wanted: int | None) -> Recipe:
    """Return the recipe for a preset that removes noise, with SRMD where there is one.

    On the truest way it is blended with waifu2x, which is better with what JPEG leaves. A generative network is blended
    with it: alone it removes some noise and takes the rest for detail, and an image that was cleaned before it comes
    out no truer (x4plus at 4x and sigma 5: 24.7 alone, 24.7 after told 5).
    """
    detail = preset.detail[scale] if wanted is None else wanted
    level = _LEVELS[denoise]
    if denoise == "none" or not has_srmd():
        return _stage(preset, scale, level, wanted)
    told = f"srmd-{scale}x-s{_SIGMAS[denoise]}"
    note = MODELS[told].note
    generated = round(detail * (1 - _TRUE_SHARES[denoise]))
    if generated == 0:
        truest = _faithful(preset.truest, scale, level)
        share = _WAIFU2X_SHARES[preset.truest]
        return Recipe(f"{told}-{truest[0]}", (told,), blend_with=truest, blend=share, note=note)
    return Recipe(
        f"{preset.sharpest}-blend{generated}-{told}",
        (preset.sharpest,),
        blend_with=(told,),
        blend=1 - generated / 100,
        note=preset.note,
        reduced_to=0 if scale == 4 else scale,
    )


def _cleaned(rest: Recipe, sigma: int) -> Recipe:
    """Remove noise without upscaling, before the rest."""
    return Recipe(rest.name, (f"srmd-2x-s{sigma}",), note=rest.note, reduced_to=1, then=rest)


def _recipe_with(model: Model, options: UpscaleOptions, ratio: Fraction) -> Recipe:
    """Return a recipe around one network: noise is removed before it, and what is lacking is upscaled truly after it.

    What it upscales too much is reduced when the result is written.
    """
    preset, level = _TABLE[options.preset], _LEVELS[options.denoise]
    sigma = _SIGMAS.get(options.denoise) if has_srmd() else None
    rest = _upscaling(preset, ratio / model.scale)
    recipe = Recipe(
        model.name,
        (model.name,),
        note=model.note,
        then=rest,
        own=() if model.name in MODELS else (model,),
    )
    recipe = replace(recipe, name=f"{model.name}-{recipe.scale}x" if rest else model.name)
    if sigma is not None:
        return _cleaned(replace(recipe, name=f"{recipe.name}-s{sigma}"), sigma)
    recipe = replace(recipe, name=_named(recipe.name, level))
    if level is None:
        return recipe
    return Recipe(recipe.name, (f"waifu2x-cunet-1x-n{level}",), note=model.note, then=recipe)


def _upscaling(preset: _Preset, ratio: Fraction) -> Recipe | None:
    """Return the truest way of a preset to upscale at least ``ratio`` times, None where there is nothing to do."""
    if ratio <= 1:
        return None
    if ratio <= 4:
        return _stage(preset, 2 if ratio <= 2 else 4, None, 0)
    return replace(_stage(preset, 4, None, 0), then=_stage(preset, 2, None, 0))


def shape_stages(recipe: Recipe) -> tuple[Recipe, ...]:
    """Return stages of the same scales for a channel of shapes, such as transparency: the truest networks.

    Where those have no such scale, it is the recipe's own network.
    """
    known = {scale: _stage(_TABLE["standard"], scale, None, 0) for scale in (2, 4)}
    return tuple(known.get(stage.scale, stage) for stage in recipe.stages)


def face_recipe(options: UpscaleOptions, scale: int) -> Recipe | None:
    """Return the bundled networks that do better on faces than those of the options, and take as much of the sharpest.

    ``scale`` is that of the whole image's own networks. None where nothing better is known: for drawings, for a
    network that was named, and for other scales.
    """
    # PSNR within the boxes of faces whose eyes are 20 to 24 pixels apart, at 2x and 4x: x4plus, given a face twice as
    # large and reduced, 31.9 and 29.5 against 29.2 and 27.6; half of it and half of cunet 34.1 and 31.1 against 32.6
    # and 30.3 of x4plus with the photo network. The mean of cunet and the photo network gains 0.4 and 0.3 on the
    # latter alone, and less the larger the face. More in docs/adr/0017-faces-from-their-own-pixels.md.
    preset = _TABLE[options.preset]
    if options.model is not None or preset.sharpest != _SHARPEST or scale not in preset.detail:
        return None
    level = _LEVELS[options.denoise]
    detail = preset.detail[scale] if options.detail is None else options.detail
    truest, finer = _faithful(_ART, scale, level), (_named(_PHOTO, level), _SHARPEST)
    if detail == 0:
        return Recipe(
            f"{_named('waifu2x-mean', level)}-faces",
            truest,
            blend_with=_faithful(_PHOTO, scale, level),
            blend=0.5,
            note="The mean of two true networks is nearer to faces than each of them.",
        )
    note = "The sharpest network draws truer faces when it gets them twice as large."
    recipe = Recipe(f"{_named(_SHARPEST, level)}-finer-faces", finer, note=note, reduced_to=scale)
    if detail == 100:
        return recipe
    name = f"{_named(_SHARPEST, level)}-finer-blend{detail}-faces"
    return replace(recipe, name=name, blend_with=truest, blend=1 - detail / 100)


def _stage(preset: _Preset, scale: int, level: int | None, wanted: int | None) -> Recipe:
    detail = preset.detail[scale] if wanted is None else wanted
    truest, sharpest = _faithful(preset.truest, scale, level), _sharp(preset.sharpest, level)
    if detail == 0:
        name = _named(preset.truest, level)
        note = "The truest way, by upscaling twice." if scale == 4 else "The truest network at 2x."
        return Recipe(name if scale == 2 else f"{name}-twice", truest, note=note)
    name = preset.sharpest if scale == 4 else f"{preset.sharpest}-half"
    reduced_to = 0 if scale == 4 else scale
    if detail == 100:
        return Recipe(_named(name, level), sharpest, note=preset.note, reduced_to=reduced_to)
    return Recipe(
        _named(f"{name}-blend{detail}", level),
        sharpest,
        blend_with=truest,
        blend=1 - detail / 100,
        note=preset.note,
        reduced_to=reduced_to,
    )


@dataclass(frozen=True)
class Choice:
    """One combination that a person may choose, with its recipe."""

    preset: str
    factor: str
    denoise: str
    recipe: Recipe


def all_recipes() -> tuple[Choice, ...]:
    """Return every combination of preset, factor and noise removal with its recipe."""
    return tuple(
        Choice(preset, factor, denoise, recipe_for(UpscaleOptions(factor, preset, denoise)))
        for preset in PRESETS
        for factor in FACTORS
        for denoise in DENOISE_LEVELS
    )
