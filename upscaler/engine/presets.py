"""The presets: one row for each, with its words and the models it chooses from.

Page, console, API, command line and docs read this table. A further preset is one more row here, with the translations
of its label and description. What each cell was chosen for stands in ``bench/RESULTS-presets.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from upscaler.errors import N_

# What an image went through before it came here, as far as the choice of models is concerned.
CLEAN, JPEG = "clean", "jpeg"
SOURCES = (CLEAN, JPEG)
# From this JPEG quality on an image counts as clean: removing marks takes more than it gives.
_CLEAN_QUALITY = 91


def source_of(jpeg_quality: int | None) -> str:
    """Return the source for an image of that JPEG quality, 1 to 100; None for one without a trace of JPEG."""
    return CLEAN if jpeg_quality is None or jpeg_quality >= _CLEAN_QUALITY else JPEG


@dataclass(frozen=True)
class Cell:
    """The models of a preset for a factor and a source.

    Attributes:
        faithful: names of the models that keep to the original, one after another; for JPEG sources, without the part
            that removes its marks.
        detail: the share of the perceptual model in percent where the options name none.

    """

    faithful: tuple[str, ...]
    detail: int = 0


@dataclass(frozen=True)
class Preset:
    """A kind of image, and the models that suit it.

    Attributes:
        name: the value of the option ``preset``.
        label: a word for people, in English; translate it before it is shown.
        description: a phrase on what it is good for, in English; translate it before it is shown.
        perceptual: name of a model that upscales four times and invents plausible detail.
        cells: by scale, 2 or 4, and source.
        note: one sentence on why the perceptual model.

    """

    name: str
    label: str
    description: str
    perceptual: str
    cells: Mapping[tuple[int, str], Cell]
    note: str


_UPCONV7_2X, _SPAN_2X, _SPAN_4X = ("waifu2x-upconv7-photo",), ("span-x2",), ("span-x4",)
_CUNET_2X, _CUNET_4X = ("waifu2x-cunet",), ("waifu2x-cunet", "waifu2x-cunet")


def _photographs(faithful_at_2x: tuple[str, ...], detail_at_4x: int) -> Mapping[tuple[int, str], Cell]:
    return {
        **{(2, source): Cell(faithful_at_2x) for source in SOURCES},
        **{(4, source): Cell(_SPAN_4X, detail_at_4x) for source in SOURCES},
    }


PRESET_TABLE: Mapping[str, Preset] = MappingProxyType(
    {
        preset.name: preset
        for preset in (
            Preset(
                name="standard",
                label=N_("Standard"),
                description=N_("Good for almost everything"),
                perceptual="realesrgan-x4plus",
                cells=_photographs(_UPCONV7_2X, 0),
                note="True to the image, and fast.",
            ),
            Preset(
                name="photo",
                label=N_("Photo"),
                description=N_("Fine, natural detail"),
                perceptual="realesrgan-x4plus",
                cells=_photographs(_SPAN_2X, 100),
                note="Invents plausible detail where the image has none.",
            ),
            Preset(
                name="art",
                label=N_("Art"),
                description=N_("Drawings, anime, clean lines"),
                perceptual="realesrgan-x4plus-anime",
                cells={
                    (2, CLEAN): Cell(_CUNET_2X),
                    (2, JPEG): Cell(_CUNET_2X),
                    (4, CLEAN): Cell(_SPAN_4X),
                    (4, JPEG): Cell(_CUNET_4X),
                },
                note="Clean lines and flat areas for drawings.",
            ),
            Preset(
                name="face",
                label=N_("Face"),
                description=N_("Portraits, gentle on skin"),
                perceptual="realesrgan-x4plus",
                cells=_photographs(_SPAN_2X, 50),
                note="Half perceptual, half faithful: sharper than the faithful branch, and still the same person.",
            ),
        )
    }
)
