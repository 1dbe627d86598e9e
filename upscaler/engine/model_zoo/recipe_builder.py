"""Build the recipe for a person's options: preset x factor x noise removal x detail, or a model that they name.

What the image is known to have gone through counts as well. Figures in the comments are PSNR in dB to the original.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache

from upscaler.engine.model_zoo.catalogue import MODELS, Model
from upscaler.engine.model_zoo.derived import has_convolutions
from upscaler.engine.model_zoo.recipes import Recipe
from upscaler.engine.model_zoo.weights import is_installed
from upscaler.engine.options import DENOISE_LEVELS, FACTORS, PRESETS, UpscaleOptions
from upscaler.engine.presets import CLEAN, JPEG, PRESET_TABLE, SOURCES, Preset
from upscaler.errors import UnknownModel

_PHOTO, _CUNET, _X4PLUS = "waifu2x-upconv7-photo", "waifu2x-cunet", "realesrgan-x4plus"
_FITTED = "realesrgan-x4plus-fitted"
_CLEANER = "waifu2x-cunet-1x"
# The strength of noise that SRMD is given for each choice, as the standard deviation in 8-bit levels.
_SIGMAS = {"low": 5, "med": 15, "high": 30}
# The share of waifu2x beside SRMD in JPEG images. With a quarter at 4x and JPEG 75: sigma 15 26.7 as without, sigma 30
# 24.5 against 25.0; on JPEG 30 without noise it gains where SRMD alone loses.
_TRAINED_SHARE = 0.3
# The share that SRMD takes of what a perceptual model would have made.
_SRMD_SHARES = {"low": 0.15, "med": 0.3, "high": 0.5}
# The noise level of the waifu2x models where SRMD is not installed, None for the model that removes none. Level 3
# gains most on noise, level 1 keeps most of a clean image; between them and in front of x4plus the steps are small.
_LEVELS = {"none": None, "low": 1, "med": 2, "high": 3}
# The noise level of the waifu2x models that removes the marks of JPEG.
_JPEG_LEVEL = 1


@dataclass(frozen=True)
class Choice:
    """One combination of options that a person may choose and of a source, with its recipe."""

    preset: str
    factor: str
    denoise: str
    source: str
    recipe: Recipe


def all_recipes() -> tuple[Choice, ...]:
    """Return every combination of preset, factor, noise removal and source with its recipe."""
    return tuple(
        Choice(preset, factor, denoise, source, recipe_for(UpscaleOptions(factor, preset, denoise), source))
        for preset in PRESETS
        for factor in FACTORS
        for denoise in DENOISE_LEVELS
        for source in SOURCES
    )


def models_of_presets() -> tuple[Model, ...]:
    """Return the models that the presets use without further options, each once; those of the first preset first."""
    recipes = (
        recipe_for(UpscaleOptions(factor, preset), source)
        for preset in PRESETS
        for factor in FACTORS
        for source in SOURCES
    )
    models = (model for recipe in recipes for stage in recipe.stages for model in stage.models)
    return tuple({model.name: model for model in models}.values())


def recipe_for(
    options: UpscaleOptions,
    source: str = CLEAN,
    size: tuple[int, int] = (1, 1),
    model: Model | None = None,
    *,
    on_processor: bool = True,
) -> Recipe:
    """Return the recipe for a person's options.

    Args:
        options: what they chose.
        source: what the image went through, of ``presets.SOURCES``.
        size: its width and height in pixels, which matter to the factor ``fit`` only.
        model: the model that the options name, where it is not one of the catalogue.
        on_processor: False for a graphics device.

    Raises:
        UnknownModel: the options name a model that is neither in the catalogue nor given.

    """
    if options.model is not None:
        named = model or MODELS.get(options.model)
        if named is None:
            raise UnknownModel(name=options.model)
        return _recipe_with(named, options, options.ratio(*size))
    preset, scale = PRESET_TABLE[options.preset], options.model_scale(*size)
    if on_processor:
        preset = _quicker(preset, options.detail)
    first = _first_stage(preset, min(scale, 4), source, options.denoise, options.detail)
    if scale <= 4:
        return first
    # The first stage removed the marks and added the detail: the second is to change as little as possible.
    second = _faithful_stage(preset, scale // 4)
    return replace(first, name=f"{first.name}-then-{second.name}", then=second)


def remove_jpeg_marks(models: Iterable[Model], options: UpscaleOptions) -> bool:
    """Return whether models that ran removed the marks of JPEG, where no noise was to be removed."""
    return options.denoise == "none" and any(model.noise_level == _JPEG_LEVEL for model in models)


def shape_stages(recipe: Recipe) -> tuple[Recipe, ...]:
    """Return stages of the same scales for a channel of shapes, such as transparency, with a fast faithful model.

    Where there is none of that scale, the stage is the recipe's own.
    """
    known = {2: Recipe(_PHOTO, (_PHOTO,)), 4: Recipe(f"{_PHOTO}-twice", (_PHOTO, _PHOTO))}
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
    cell = preset.cells.get((scale, CLEAN))
    if options.model is not None or preset.perceptual != _X4PLUS or cell is None:
        return None
    level = _LEVELS[options.denoise]
    detail = cell.detail if options.detail is None else options.detail
    faithful, finer = _waifu2x(_CUNET, scale, level), (_named(_PHOTO, level), _X4PLUS)
    if detail == 0:
        return Recipe(
            f"{_named('waifu2x-mean', level)}-faces",
            faithful,
            blend_with=_waifu2x(_PHOTO, scale, level),
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


def _first_stage(preset: Preset, scale: int, source: str, denoise: str, wanted: int | None) -> Recipe:
    """Return the stage that removes noise and the marks of the source.

    Noise is removed by SRMD where it is installed; little noise in a JPEG image by what removes its marks. A perceptual
    model is blended with SRMD: alone it removes some noise and takes the rest for detail, and an image that was cleaned
    before it comes out no truer (x4plus at 4x and sigma 5: 24.7 alone, 24.7 after SRMD with 5).
    """
    cell = preset.cells[scale, source]
    detail = cell.detail if wanted is None else wanted
    level = _LEVELS[denoise]
    # The perceptual models know the marks of JPEG and take them for what they are.
    trained = _cleaned(cell.faithful, level or (_JPEG_LEVEL if source == JPEG else None))
    if level is None or not has_srmd():
        return _blended(preset, scale, trained, _cleaned((preset.perceptual,), level), detail)
    srmd = f"srmd-{scale}x-s{_SIGMAS[denoise]}"
    generated = round(detail * (1 - _SRMD_SHARES[denoise]))
    if generated:
        return _blended(preset, scale, (srmd,), (preset.perceptual,), generated)
    if source == CLEAN:
        return Recipe(srmd, (srmd,), note=MODELS[srmd].note)
    if denoise == "low":
        return _blended(preset, scale, trained, (), 0)
    # The trained models know the marks of JPEG, which are not the noise that SRMD knows.
    name = f"{srmd}-{_name_of(trained)}"
    return Recipe(name, (srmd,), blend_with=trained, blend=_TRAINED_SHARE, note=MODELS[srmd].note)


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
        return _behind_srmd(replace(recipe, name=f"{recipe.name}-s{sigma}"), sigma)
    recipe = replace(recipe, name=_named(recipe.name, level))
    if level is None:
        return recipe
    return Recipe(recipe.name, (f"{_CLEANER}-n{level}",), note=model.note, then=recipe)


def _behind_srmd(rest: Recipe, sigma: int) -> Recipe:
    """Return the recipe ``rest`` behind a stage that removes noise without upscaling."""
    return Recipe(rest.name, (f"srmd-2x-s{sigma}",), note=rest.note, downscaled_to=1, then=rest)


def _upscaling(preset: Preset, ratio: Fraction) -> Recipe | None:
    """Return the faithful stages of a preset that upscale at least ``ratio`` times, None where none is needed."""
    if ratio <= 1:
        return None
    if ratio <= 4:
        return _faithful_stage(preset, 2 if ratio <= 2 else 4)
    return replace(_faithful_stage(preset, 4), then=_faithful_stage(preset, 2))


def _faithful_stage(preset: Preset, scale: int) -> Recipe:
    """Return the stage of 2x or 4x for an image without noise and marks, with the faithful models alone."""
    return _blended(preset, scale, preset.cells[scale, CLEAN].faithful, (preset.perceptual,), 0)


def _blended(
    preset: Preset, scale: int, faithful: tuple[str, ...], perceptual: tuple[str, ...], detail: int
) -> Recipe:
    """Return one stage of 2x or 4x: ``detail`` percent of the perceptual chain, the rest of the faithful one."""
    if detail == 0:
        return Recipe(_name_of(faithful), faithful, note="True to the image.")
    downscaled_to = 0 if scale == 4 else scale
    name = _name_of(perceptual) if scale == 4 else f"{_name_of(perceptual)}-half"
    if detail == 100:
        return Recipe(name, perceptual, note=preset.note, downscaled_to=downscaled_to)
    return Recipe(
        f"{name}-blend{detail}-{_name_of(faithful)}",
        perceptual,
        blend_with=faithful,
        blend=1 - detail / 100,
        note=preset.note,
        downscaled_to=downscaled_to,
    )


def _cleaned(chain: tuple[str, ...], level: int | None) -> tuple[str, ...]:
    """Return a chain that removes noise of a waifu2x level first; by its own first model where that can."""
    if level is None:
        return chain
    first, *rest = chain
    # The first run removes the noise, so the second needs no removal.
    if _named(first, level) in MODELS:
        return (_named(first, level), *rest)
    # cunet 1x before x4plus at 4x: sigma 15 24.9 against 24.8, sigma 30 23.7 against 23.5, JPEG 24.1 against 23.7.
    return (f"{_CLEANER}-n{level}", *chain)


def _name_of(chain: tuple[str, ...]) -> str:
    """Return a name for models that run one after another."""
    first, *rest = chain
    if first.startswith(_CLEANER) and rest:
        return f"{_name_of(tuple(rest))}{first.removeprefix(_CLEANER)}"
    return f"{first}-twice" if rest else first


def _waifu2x(model: str, scale: int, level: int | None) -> tuple[str, ...]:
    """Return a waifu2x model with a noise level, run twice for 4x."""
    return (_named(model, level), *([model] if scale == 4 else []))


def _named(name: str, level: int | None) -> str:
    return name if level is None else f"{name}-n{level}"
