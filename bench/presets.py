"""Measure candidates for each cell of the preset table against the truth, on folders of photographs and drawings.

The truth is an image of the folders; the input is that image reduced, as it is, saved as JPEG or with noise. Each
candidate's result goes through the finisher, as a job's does. Seconds are those of all processors for one megapixel of
input.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from bench.candidates import SOURCES, candidates_for, strengths_of
from bench.marks import as_jpeg, with_noise
from bench.metrics import Pixels, flip, gradient_energy, haarpsi, psnr_y
from upscaler.engine.model_zoo.recipes import Recipe
from upscaler.engine.postprocess.finisher import Finisher, ResultParts
from upscaler.engine.postprocess.row_filters import ArraySink, Downscaler, Sink
from upscaler.engine.settings import EngineSettings
from upscaler.engine.tiling.upscaler import Upscaler

_KINDS = ("photographs", "drawings")
_HEADINGS = ("PSNR-Y", "HaarPSI", "FLIP", "detail", "s/MP")


def reduced(truth: Pixels, scale: int, source: str, kernel: Image.Resampling) -> Pixels:
    """Return the truth reduced, "clean" or with "noise SIGMA", "jpeg QUALITY", or both."""
    height, width = truth.shape[:2]
    small = np.asarray(Image.fromarray(truth).resize((width // scale, height // scale), kernel))
    wanted = strengths_of(source)
    if "noise" in wanted:
        small = with_noise(small, wanted["noise"], np.random.default_rng(7))
    if "jpeg" in wanted:
        small = as_jpeg(small, wanted["jpeg"])
    return small


def upscaled(upscaler: Upscaler, source: Pixels, recipe: Recipe | None, scale: int) -> Pixels:
    """Return the result of a recipe for uint8 (H, W, 3), as a job would write it; of Lanczos for None."""
    height, width = source.shape[:2]
    size = (width * scale, height * scale)
    if recipe is None:
        return np.asarray(Image.fromarray(source).resize(size, Image.Resampling.LANCZOS))
    grown = recipe.scale
    raw = np.empty((height * grown, width * grown, 3), np.uint8)
    result = np.empty((size[1], size[0], 3), np.uint8)

    def open_sink() -> Sink:
        sink = ArraySink(result)
        return sink if grown == scale else Downscaler(sink, (raw.shape[1], raw.shape[0]), size)

    parts = ResultParts(source, raw, grown, None, None, gray_as_rgb=False)
    finisher = Finisher(parts, open_sink, lambda _: None)
    upscaler.upscale(source, recipe, raw, on_rows=finisher.rows_ready)
    finisher.result()
    return result


def truths(folder: Path, scale: int, side: int) -> Iterator[tuple[str, Pixels]]:
    """Yield name and middle part of each image of a folder, its sides multiples of the scale."""
    for path in sorted(folder.glob("*.png")):
        image = Image.open(path).convert("RGB")
        width, height = (min(length, side) // scale * scale for length in image.size)
        left, top = (image.width - width) // 2, (image.height - height) // 2
        yield path.stem, np.asarray(image.crop((left, top, left + width, top + height)))


def measure(
    upscaler: Upscaler, recipe: Recipe | None, images: Mapping[str, tuple[Pixels, Pixels]], scale: int
) -> tuple[float, ...]:
    """Return the means of a candidate over pairs of truth and input, in the order of the headings."""
    figures, seconds, pixels = [], 0.0, 0
    for truth, source in images.values():
        started = time.process_time()
        found = upscaled(upscaler, source, recipe, scale)
        seconds += time.process_time() - started
        pixels += source.shape[0] * source.shape[1]
        detail = gradient_energy(found) / gradient_energy(truth)
        figures.append((psnr_y(found, truth), haarpsi(found, truth), flip(found, truth), detail))
    return (*np.mean(figures, axis=0).tolist(), seconds / pixels * 1e6)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.presets", description=__doc__)
    parser.add_argument("folder", type=Path, help="holds the folders photographs and drawings of PNG files")
    parser.add_argument("--side", type=int, default=288, help="of the truth in pixels (%(default)s)")
    parser.add_argument("--kinds", nargs="*", default=_KINDS, choices=_KINDS)
    parser.add_argument("--scales", nargs="*", type=int, default=(2, 3, 4))
    parser.add_argument(
        "--sources", nargs="*", default=SOURCES, help="clean, or noise SIGMA, jpeg QUALITY, or both"
    )
    parser.add_argument("--kernel", default="BICUBIC", help="that reduces the truth (%(default)s)")
    chosen = parser.parse_args()
    upscaler = Upscaler(EngineSettings())
    for kind in chosen.kinds:
        for scale in chosen.scales:
            for source in chosen.sources:
                images = {
                    name: (truth, reduced(truth, scale, source, Image.Resampling[chosen.kernel]))
                    for name, truth in truths(chosen.folder / kind, scale, chosen.side)
                }
                title = f"{kind} {scale}x, {source}, {len(images)} images"
                print(f"\n{title:48}", *(f"{heading:>8}" for heading in _HEADINGS), flush=True)
                for name, recipe in candidates_for(kind, scale, source).items():
                    figures = measure(upscaler, recipe, images, scale)
                    row = ("{:8.2f}", "{:8.3f}", "{:8.4f}", "{:8.2f}", "{:8.1f}")
                    cells = (cell.format(value) for cell, value in zip(row, figures, strict=True))
                    print(f"{name:48}", *cells, flush=True)


if __name__ == "__main__":
    main()
