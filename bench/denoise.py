"""Measure each grade of noise removal against the clean truth: PSNR in dB after upscaling noisy photographs.

The truth is a photograph; the input is that photograph reduced, then with noise or JPEG marks.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
from PIL import Image
from skimage import data

from bench.marks import as_jpeg, with_noise
from bench.seams import upscaled
from upscaler.engine.model_zoo.recipe_builder import recipe_for
from upscaler.engine.options import DENOISE_LEVELS, PRESETS, UpscaleOptions
from upscaler.engine.presets import CLEAN, JPEG
from upscaler.engine.settings import EngineSettings
from upscaler.engine.tiling.upscaler import Upscaler

Degrade = Callable[[np.ndarray], np.ndarray]


def noisy(sigma: float) -> Degrade:
    """Return what adds Gaussian noise of that many levels, the same each time."""
    return lambda pixels: with_noise(pixels, sigma, np.random.default_rng(7))


DEGRADATIONS: dict[str, Degrade] = {
    "clean": lambda pixels: pixels,
    "sigma 5": noisy(5),
    "sigma 15": noisy(15),
    "sigma 30": noisy(30),
    "JPEG 30": lambda pixels: as_jpeg(pixels, 30),
}


def truths(side: int) -> list[np.ndarray]:
    """Return square parts of three photographs, uint8 (side, side, 3)."""
    photographs = (data.astronaut(), data.coffee(), data.chelsea())  # type: ignore[no-untyped-call]  # no types
    return [
        photograph[40 : 40 + side, left : left + side]
        for photograph, left in zip(photographs, (150, 60, 120), strict=True)
    ]


def psnr(first: np.ndarray, second: np.ndarray) -> float:
    """Return the peak signal-to-noise ratio in dB."""
    return float(10 * np.log10(255**2 / ((first.astype(float) - second) ** 2).mean()))


def gain_table(upscaler: Upscaler, preset: str, factor: str, side: int) -> dict[str, dict[str, float]]:
    """Return the mean PSNR by degradation and grade."""
    table: dict[str, dict[str, float]] = {}
    for title, degrade in DEGRADATIONS.items():
        table[title] = {}
        for grade in DENOISE_LEVELS:
            source = JPEG if title.startswith("JPEG") else CLEAN
            recipe = recipe_for(UpscaleOptions(factor, preset, grade), source)
            values = []
            for truth in truths(side):
                small = Image.fromarray(truth).resize((side // recipe.scale,) * 2, Image.Resampling.BICUBIC)
                values.append(psnr(upscaled(upscaler, degrade(np.asarray(small)), recipe), truth))
            table[title][grade] = float(np.mean(values))
    return table


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.denoise", description=__doc__)
    parser.add_argument("--side", type=int, default=256, help="of the truth in pixels (%(default)s)")
    parser.add_argument("--presets", nargs="*", default=PRESETS)
    parser.add_argument("--factors", nargs="*", default=("2x", "4x"))
    chosen = parser.parse_args()
    upscaler = Upscaler(EngineSettings())
    for preset in chosen.presets:
        for factor in chosen.factors:
            print(f"\n{preset + ' ' + factor:16}", *(f"{grade:>7}" for grade in DENOISE_LEVELS))
            for title, grades in gain_table(upscaler, preset, factor, chosen.side).items():
                print(f"{title:16}", *(f"{value:7.2f}" for value in grades.values()))


if __name__ == "__main__":
    main()
