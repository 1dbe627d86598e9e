"""Which networks serve which choice: preset x factor x noise removal, in one table.

Figures in the comments are PSNR in dB to the original on 10 photographs, first for inputs reduced cleanly,
then for inputs that were blurred, noisy and saved as JPEG; Lanczos reaches 30.7 / 27.4 at 2x and 26.4 / 24.2
at 4x.
"""

from __future__ import annotations

from dataclasses import dataclass

from upscaler.engine.catalogue import MODELS, Model
from upscaler.engine.options import DENOISE_LEVELS, FACTORS, PRESETS, UpscaleOptions


@dataclass(frozen=True)
class Recipe:
    """Networks to run one after another, and optionally a second, faithful way to blend with.

    Attributes:
        name: shown to people and stored with the job.
        passes: names of the networks, in the order they run.
        blend_with: names of the networks of the second way, empty for none. Both ways start from the picture.
        blend: share of the second way in the result, 0 to 1.
        note: one sentence on why these networks.

    """

    name: str
    passes: tuple[str, ...]
    blend_with: tuple[str, ...] = ()
    blend: float = 0.0
    note: str = ""

    @property
    def ways(self) -> tuple[tuple[tuple[Model, ...], float], ...]:
        """Each chain of networks with its share in the result."""
        ways = [(tuple(MODELS[name] for name in self.passes), 1.0 - self.blend)]
        if self.blend_with:
            ways.append((tuple(MODELS[name] for name in self.blend_with), self.blend))
        return tuple(ways)

    @property
    def models(self) -> tuple[Model, ...]:
        """Every network of the recipe, each once."""
        return tuple(MODELS[name] for name in dict.fromkeys((*self.passes, *self.blend_with)))

    @property
    def scale(self) -> int:
        """Output side in pixels per input side."""
        scale = 1
        for name in self.passes:
            scale *= MODELS[name].scale
        return scale

    @property
    def seconds_per_megapixel(self) -> float:
        """Guess for one input megapixel on two CPU cores, until something was measured."""
        total = 0.0
        for models, _ in self.ways:
            scale = 1
            for model in models:
                total += model.seconds_per_megapixel * scale**2
                scale *= model.scale
        return total

    @property
    def gpu_recommended(self) -> bool:
        """Whether a CPU takes more than 20 s per input megapixel."""
        return any(model.gpu_recommended for model in self.models)


# The noise level of the waifu2x networks for each choice, None for the network that removes none. Level 3
# gains most on noise (sigma 15 at 2x: 29.8 against 27.6 of level 1), level 1 keeps most of a clean picture
# (34.5 against 32.3).
_LEVELS = {"none": None, "low": 1, "med": 2, "high": 3}
# "standard" serves whatever comes: level 1 costs a clean picture 0.1 dB and gains 0.5 dB on a poor one.
_STANDARD_LEVELS = {**_LEVELS, "none": 1}


def _named(name: str, level: int | None) -> str:
    return name if level is None else f"{name}-n{level}"


def _photo_2x(level: int | None) -> Recipe:
    # 33.3 / 27.4 without noise removal, 33.2 / 27.9 with level 1, at 1.8 s per megapixel; x4plus, reduced to
    # half, reaches 29.3 / 27.0 at 47 s.
    name = _named("waifu2x-upconv7-photo", level)
    return Recipe(name, (name,), note="The truest network at 2x, and 25 times faster than a generative one.")


def _photo_twice(level: int | None) -> Recipe:
    # 28.1 / 24.6 with level 1 at 8.9 s per megapixel: truer than x4plus on either input. The first pass
    # removes the noise, so the second needs no removal.
    first = _named("waifu2x-upconv7-photo", level)
    return Recipe(
        f"{first}-twice",
        (first, "waifu2x-upconv7-photo"),
        note="The truest way to 4x, by enlarging twice.",
    )


def _cleaned(level: int | None) -> tuple[str, ...]:
    # cunet 1x before x4plus at 4x: sigma 15 24.9 against 24.8, sigma 30 23.7 against 23.5, JPEG 24.1 against
    # 23.7.
    return () if level is None else (f"waifu2x-cunet-1x-n{level}",)


def _photo_4x(level: int | None) -> Recipe:
    # 25.4 / 23.3 at 45 s: chosen for looks. It is sharper to the eye than anything that scores higher.
    return Recipe(
        _named("realesrgan-x4plus", level),
        (*_cleaned(level), "realesrgan-x4plus"),
        note="Invents plausible detail where the picture has none.",
    )


def _face_2x(level: int | None) -> Recipe:
    # A generative network at 2x mangles small faces, scores 4 dB lower on clean input and takes 25 times as
    # long; the faithful network keeps the person who is in the picture.
    return _photo_2x(level)


def _face_4x(level: int | None) -> Recipe:
    # A 50 % blend of x4plus with a faithful network scores 27.0 / 24.6 against 25.4 / 23.3 of x4plus alone, and
    # 25.1 against 23.9 on faces. Measured with SRMD as the faithful network, which alone scores 28.5 / 24.3;
    # waifu2x twice scores 28.1 / 24.6.
    return Recipe(
        _named("realesrgan-x4plus-blend50", level),
        (*_cleaned(level), "realesrgan-x4plus"),
        blend_with=_photo_twice(level).passes,
        blend=0.5,
        note="Half generative, half faithful: sharper than the faithful way, and still the same person.",
    )


def _art_2x(level: int | None) -> Recipe:
    # 33.3 / 27.5 on photographs, the best of waifu2x's networks for drawings by its authors' account; 2.7 s.
    name = _named("waifu2x-cunet", level)
    return Recipe(name, (name,), note="waifu2x's best network for drawings.")


def _art_4x(level: int | None) -> Recipe:
    # Trained on drawings, with a quarter of x4plus's layers: 0.22 s against 0.7 s for a tile of 128 px.
    return Recipe(
        _named("realesrgan-x4plus-anime", level),
        (*_cleaned(level), "realesrgan-x4plus-anime"),
        note="Clean lines and flat areas for drawings.",
    )


_TABLE = {
    ("standard", "2x"): (_photo_2x, _STANDARD_LEVELS),
    ("standard", "4x"): (_photo_twice, _STANDARD_LEVELS),
    ("photo", "2x"): (_photo_2x, _LEVELS),
    ("photo", "4x"): (_photo_4x, _LEVELS),
    ("face", "2x"): (_face_2x, _LEVELS),
    ("face", "4x"): (_face_4x, _LEVELS),
    ("art", "2x"): (_art_2x, _LEVELS),
    ("art", "4x"): (_art_4x, _LEVELS),
}


def recipe_for(options: UpscaleOptions) -> Recipe:
    """Return the recipe for a person's choices."""
    build, levels = _TABLE[options.preset, options.factor]
    return build(levels[options.denoise])


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
