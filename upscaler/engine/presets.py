"""The presets: one row for each, with its words and the models it chooses from.

Page, console, API, command line and docs read this table. A further preset is one more row here, with the translations
of its label and description.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from upscaler.errors import N_


@dataclass(frozen=True)
class Preset:
    """A kind of image, and the models that suit it.

    Attributes:
        name: the value of the option ``preset``.
        label: a word for people, in English; translate it before it is shown.
        description: a phrase on what it is good for, in English; translate it before it is shown.
        faithful: name of a waifu2x model that upscales twice and keeps to the original; it runs twice for 4x.
        perceptual: name of a model that upscales four times and invents plausible detail.
        detail: by scale, the share of the perceptual model in percent where the options name none.
        note: one sentence on why the perceptual model.

    """

    name: str
    label: str
    description: str
    faithful: str
    perceptual: str
    detail: Mapping[int, int]
    note: str


# PSNR in dB to the original on 10 photographs, first for inputs downscaled cleanly, then for inputs that were blurred,
# noisy and saved as JPEG; Lanczos reaches 30.7 / 27.4 at 2x and 26.4 / 24.2 at 4x.
# 2x: waifu2x's photo model alone reaches 33.3 / 27.4 without noise removal and 33.2 / 27.9 with level 1, at 1.8 s per
# megapixel; x4plus, downscaled to half, 29.3 / 27.0 at 47 s, and mangles small faces.
# 4x: the photo model twice reaches 28.1 / 24.6 with level 1 at 8.9 s per megapixel. x4plus, 25.4 / 23.3 at 45 s, is
# chosen for looks: it is sharper to the eye than anything that scores higher. A 50 % blend of it with a faithful
# model scores 27.0 / 24.6, and on faces 25.1 against 23.9 (measured with SRMD as the faithful one, 28.5 / 24.3).
# Drawings: cunet reaches 33.3 / 27.5 on photographs at 2x, and is the best of waifu2x's models for drawings according
# to its authors; x4plus-anime was trained on drawings and has a quarter of x4plus's layers.
PRESET_TABLE: Mapping[str, Preset] = MappingProxyType(
    {
        preset.name: preset
        for preset in (
            Preset(
                name="standard",
                label=N_("Standard"),
                description=N_("Good for almost everything"),
                faithful="waifu2x-upconv7-photo",
                perceptual="realesrgan-x4plus",
                detail={2: 0, 4: 0},
                note="True to the image, and fast.",
            ),
            Preset(
                name="photo",
                label=N_("Photo"),
                description=N_("Fine, natural detail"),
                faithful="waifu2x-upconv7-photo",
                perceptual="realesrgan-x4plus",
                detail={2: 0, 4: 100},
                note="Invents plausible detail where the image has none.",
            ),
            Preset(
                name="art",
                label=N_("Art"),
                description=N_("Drawings, anime, clean lines"),
                faithful="waifu2x-cunet",
                perceptual="realesrgan-x4plus-anime",
                detail={2: 0, 4: 100},
                note="Clean lines and flat areas for drawings.",
            ),
            Preset(
                name="face",
                label=N_("Face"),
                description=N_("Portraits, gentle on skin"),
                faithful="waifu2x-upconv7-photo",
                perceptual="realesrgan-x4plus",
                detail={2: 0, 4: 50},
                note="Half perceptual, half faithful: sharper than the faithful branch, and still the same person.",
            ),
        )
    }
)
