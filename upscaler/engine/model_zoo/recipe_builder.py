"""Build the recipe for a person's options: preset x factor x noise removal x detail, or a model that they name.

Figures in the comments are PSNR in dB to the original, as in ``upscaler.engine.presets``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache

from upscaler.engine.model_zoo.catalogue import MODELS, Model
from upscaler.engine.model_zoo.derived import has_convolutions
from upscaler.engine.model_zoo.recipes import Recipe
from upscaler.engine.model_zoo.weights import is_installed
from upscaler.engine.options import DENOISE_LEVELS, FACTORS, PRESETS, UpscaleOptions
from upscaler.engine.presets import PRESET_TABLE, Preset
from upscaler.errors import UnknownModel

_PHOTO, _CUNET, _X4PLUS = "waifu2x-upconv7-photo", "waifu2x-cunet", "realesrgan-x4plus"
_FITTED = "realesrgan-x4plus-fitted"
# The strength of noise that SRMD is given for each choice, as the standard deviation in 8-bit levels.
_SIGMAS = {"low": 5, "med": 15, "high": 30}
# The share of waifu2x in the faithful branch beside SRMD, by model, with one for those that were not measured.
_WAIFU2X_SHARES = {_PHOTO: 0.25, _CUNET: 0.5}
_WAIFU2X_SHARE = 0.5
# The share that SRMD takes of what a perceptual model would have made.
_SRMD_SHARES = {"low": 0.15, "med": 0.3, "high": 0.5}
# The noise level of the waifu2x models where SRMD is not installed, None for the model that removes none. Level 3
# gains most on noise, level 1 keeps most of a clean image; between them and in front of x4plus the steps are small.
_LEVELS = {"none": None, "low": 1, "med": 2, "high": 3}


@dataclass(frozen=True)
class Choice:
    """One combination of options that a person may choose, with its recipe."""

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


def models_of_presets() -> tuple[Model, ...]:
    """Return the models that the presets use without further options, each once; those of the first preset first."""
    recipes = (recipe_for(UpscaleOptions(factor, preset)) for preset in PRESETS for factor in FACTORS)
    models = (model for recipe in recipes for stage in recipe.stages for model in stage.models)
    return tuple({model.name: model for model in models}.values())


def recipe_for(
    options: UpscaleOptions,
    width: int = 1,
    height: int = 1,
    model: Model | None = None,
    *,
    on_processor: bool = True,
) -> Recipe:
    """Return the recipe for a person's options; the image's size in pixels matters to the factor ``fit`` only.

    ``model`` is the model that the options name, where it is not one of the catalogue. ``on_processor`` is False for a
    graphics device.

    Raises:
        UnknownModel: the options name a model that is neither in the catalogue nor given.

    """
    if options.model is not None:
        named = model or MODELS.get(options.model)
        if named is None:
            raise UnknownModel(name=options.model)
        return _recipe_with(named, options, options.ratio(width, height))
    preset, scale = PRESET_TABLE[options.preset], options.model_scale(width, height)
    if on_processor:
        preset = _quicker(preset, options.detail)
    first = _denoised(preset, min(scale, 4), options.denoise, options.detail)
    if scale <= 4:
        return first
    # The first stage removed the noise and added the detail: the second is to change as little as possible.
    second = _stage(preset, scale // 4, None, 0)
    return replace(first, name=f"{first.name}-8x", then=second)


def shape_stages(recipe: Recipe) -> tuple[Recipe, ...]:
    """Return stages of the same scales for a channel of shapes, such as transparency, with the faithful models.

    Where those have no such scale, the stage is the recipe's own.
    """
    known = {scale: _stage(PRESET_TABLE["standard"], scale, None, 0) for scale in (2, 4)}
    return tuple(known.get(stage.scale, stage) for stage in recipe.stages)


def face_recipe(options: UpscaleOptions, scale: int) -> Recipe | None:
    """Return the bundled models that do better on faces than those of the options, with the same detail.

    ``scale`` is that of the whole image's models. None where nothing better is known: for drawings, for a model that
    was named, and for other scales.
    """
    # PSNR within the boxes of faces whose eyes are 20 to 24 pixels apart, at 2x and 4x: x4plus, given a face twice as
    # large and downscaled, 31.9 and 29.5 against 29.2 and 27.6; half of it and half of cunet 34.1 and 31.1 against 32.6
    # and 30.3 of x4plus with the photo model. The mean of cunet and the photo model gains 0.4 and 0.3 on the latter
    # alone, and less the larger the face. More in docs/adr/0017-faces-are-restored-from-the-original.md.
    preset = PRESET_TABLE[options.preset]
    if options.model is not None or preset.perceptual != _X4PLUS or scale not in preset.detail:
        return None
    level = _LEVELS[options.denoise]
    detail = preset.detail[scale] if options.detail is None else options.detail
    faithful, finer = _faithful(_CUNET, scale, level), (_named(_PHOTO, level), _X4PLUS)
    if detail == 0:
        return Recipe(
            f"{_named('waifu2x-mean', level)}-faces",
            faithful,
            blend_with=_faithful(_PHOTO, scale, level),
            blend=0.5,
            note="The mean of two faithful models is nearer to faces than each of them.",
        )
    note = "The perceptual model draws truer faces when it gets them twice as large."
    recipe = Recipe(f"{_named(_X4PLUS, level)}-finer-faces", finer, note=note, downscaled_to=scale)
    if detail == 100:
        return recipe
    name = f"{_named(_X4PLUS, level)}-finer-blend{detail}-faces"
    return replace(recipe, name=name, blend_with=faithful, blend=1 - detail / 100)


@cache
def has_srmd() -> bool:
    """Return whether SRMD's weights are installed; there are none for Python 3.13 and later or other processors."""
    return is_installed(MODELS["srmd-2x-s5"])


def has_fitted() -> bool:
    """Return whether what makes the fitted model of x4plus is here and sound."""
    return has_convolutions(MODELS[_FITTED])


def _quicker(preset: Preset, wanted: int | None) -> Preset:
    """Return the preset with a perceptual model that processors run faster, unless all of its detail was asked for.

    It was measured on photographs in general (ADR 32), so that ``photo`` has it and faces get the whole one.
    """
    if preset.name != "photo" or preset.perceptual != _X4PLUS or wanted == 100 or not has_fitted():
        return preset
    return replace(preset, perceptual=_FITTED)


def _denoised(preset: Preset, scale: int, denoise: str, wanted: int | None) -> Recipe:
    """Return the recipe for a preset that removes noise, with SRMD where it is installed.

    The faithful branch blends it with waifu2x, which is better with what JPEG leaves. A perceptual model is blended
    with it: alone it removes some noise and takes the rest for detail, and an image that was cleaned before it comes
    out no truer (x4plus at 4x and sigma 5: 24.7 alone, 24.7 after SRMD with 5).
    """
    detail = preset.detail[scale] if wanted is None else wanted
    level = _LEVELS[denoise]
    if denoise == "none" or not has_srmd():
        return _stage(preset, scale, level, wanted)
    srmd = f"srmd-{scale}x-s{_SIGMAS[denoise]}"
    note = MODELS[srmd].note
    generated = round(detail * (1 - _SRMD_SHARES[denoise]))
    if generated == 0:
        faithful = _faithful(preset.faithful, scale, level)
        share = _WAIFU2X_SHARES.get(preset.faithful, _WAIFU2X_SHARE)
        return Recipe(f"{srmd}-{faithful[0]}", (srmd,), blend_with=faithful, blend=share, note=note)
    return Recipe(
        f"{preset.perceptual}-blend{generated}-{srmd}",
        (preset.perceptual,),
        blend_with=(srmd,),
        blend=1 - generated / 100,
        note=preset.note,
        downscaled_to=0 if scale == 4 else scale,
    )


def _recipe_with(model: Model, options: UpscaleOptions, ratio: Fraction) -> Recipe:
    """Return a recipe around one model: noise is removed before it, faithful models upscale after it if need be.

    What it upscales too much is downscaled when the result is written.
    """
    preset, level = PRESET_TABLE[options.preset], _LEVELS[options.denoise]
    sigma = _SIGMAS.get(options.denoise) if has_srmd() else None
    rest = _upscaling(preset, ratio / model.scale)
    recipe = Recipe(
        model.name,
        (model.name,),
        note=model.note,
        then=rest,
        custom=() if model.name in MODELS else (model,),
    )
    recipe = replace(recipe, name=f"{model.name}-{recipe.scale}x" if rest else model.name)
    if sigma is not None:
        return _cleaned(replace(recipe, name=f"{recipe.name}-s{sigma}"), sigma)
    recipe = replace(recipe, name=_named(recipe.name, level))
    if level is None:
        return recipe
    return Recipe(recipe.name, (f"waifu2x-cunet-1x-n{level}",), note=model.note, then=recipe)


def _cleaned(rest: Recipe, sigma: int) -> Recipe:
    """Return the recipe ``rest`` behind a stage that removes noise without upscaling."""
    return Recipe(rest.name, (f"srmd-2x-s{sigma}",), note=rest.note, downscaled_to=1, then=rest)


def _upscaling(preset: Preset, ratio: Fraction) -> Recipe | None:
    """Return the faithful stages of a preset that upscale at least ``ratio`` times, None where none is needed."""
    if ratio <= 1:
        return None
    if ratio <= 4:
        return _stage(preset, 2 if ratio <= 2 else 4, None, 0)
    return replace(_stage(preset, 4, None, 0), then=_stage(preset, 2, None, 0))


def _stage(preset: Preset, scale: int, level: int | None, wanted: int | None) -> Recipe:
    """Return one stage of 2x or 4x that blends the two models of a preset, with waifu2x's noise level or None."""
    detail = preset.detail[scale] if wanted is None else wanted
    faithful, perceptual = _faithful(preset.faithful, scale, level), _perceptual(preset.perceptual, level)
    if detail == 0:
        name = _named(preset.faithful, level)
        note = "The faithful model, run twice." if scale == 4 else "The faithful model."
        return Recipe(name if scale == 2 else f"{name}-twice", faithful, note=note)
    name = preset.perceptual if scale == 4 else f"{preset.perceptual}-half"
    downscaled_to = 0 if scale == 4 else scale
    if detail == 100:
        return Recipe(_named(name, level), perceptual, note=preset.note, downscaled_to=downscaled_to)
    return Recipe(
        _named(f"{name}-blend{detail}", level),
        perceptual,
        blend_with=faithful,
        blend=1 - detail / 100,
        note=preset.note,
        downscaled_to=downscaled_to,
    )


def _faithful(model: str, scale: int, level: int | None) -> tuple[str, ...]:
    # The first run removes the noise, so the second needs no removal.
    return (_named(model, level), *([model] if scale == 4 else []))


def _perceptual(model: str, level: int | None) -> tuple[str, ...]:
    # These models know no noise levels. cunet 1x before x4plus at 4x: sigma 15 24.9 against 24.8, sigma 30 23.7
    # against 23.5, JPEG 24.1 against 23.7.
    return (model,) if level is None else (f"waifu2x-cunet-1x-n{level}", model)


def _named(name: str, level: int | None) -> str:
    return name if level is None else f"{name}-n{level}"
