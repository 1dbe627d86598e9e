"""Measure what cutting an image into windows costs: pixels that differ from an untiled run, and extra work.

The image is a little larger than one window's core, so that it is cut as every larger one is; the extra work is told
for an image of 2000 x 1500 px. Promised: at most 0.5 % of the pixels of an RRDB model off by more than 2 of 255
levels, none of the compact models', and at most 1.35 times the work.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image
from skimage import data

from upscaler.engine.model_zoo.catalogue import MODELS
from upscaler.engine.model_zoo.recipes import Recipe
from upscaler.engine.settings import EngineSettings
from upscaler.engine.tiling.tiles import Span, edge_for, margin_for, spans
from upscaler.engine.tiling.upscaler import Upscaler

MODEL_NAMES = (
    "realesrgan-x4plus",
    "realesrgan-x4plus-fitted",
    "realesrgan-x4plus-anime",
    "realesr-animevideov3-x4",
    "waifu2x-upconv7-photo",
    "waifu2x-cunet",
    "waifu2x-cunet-1x-n1",
    "span-x2",
    "span-x4",
)


class Untiled(Upscaler):
    """Takes the whole image for one window."""

    def _plan(self, height: int, width: int, recipe: Recipe) -> tuple[list[Span], list[Span]]:
        margin, edge = margin_for(recipe.models), edge_for(recipe.models)
        return spans(height, height, margin, edge), spans(width, width, margin, edge)


def plan_of(upscaler: Upscaler, height: int, width: int, recipe: Recipe) -> tuple[list[Span], list[Span]]:
    """Return how an image of that size is cut."""
    return upscaler._plan(height, width, recipe)


def work(plan: tuple[list[Span], list[Span]]) -> int:
    """Return the pixels that pass through the model."""
    rows, columns = (sum(span.read_stop - span.read_start for span in axis) for axis in plan)
    return rows * columns


def upscaled(upscaler: Upscaler, pixels: np.ndarray, recipe: Recipe) -> np.ndarray:
    """Return the upscaled image, uint8 (H, W, 3)."""
    height, width, channels = pixels.shape
    out = np.empty((height * recipe.scale, width * recipe.scale, channels), np.uint8)
    upscaler.upscale(pixels, recipe, out)
    return out


def photograph(side: int) -> np.ndarray:
    """Return a photograph whose sides have that many pixels, uint8 (side, side, 3)."""
    image = Image.fromarray(data.astronaut())  # type: ignore[no-untyped-call]  # skimage has no types
    return np.asarray(image.resize((side, side), Image.Resampling.LANCZOS))


@dataclass(frozen=True)
class Row:
    """The cost of tiles for one model.

    Attributes:
        model: its name.
        window: longest side of a window in input pixels, ``overlap`` on both sides included.
        overlap: input pixels a side.
        side: of the image that was compared.
        windows: into which it was cut.
        off: share of the pixels whose result is more than 2 levels from the untiled one.
        worst: largest difference in levels.
        psnr: in dB, infinite where nothing differs.
        work: for 2000 x 1500 px, as a multiple of the untiled work.
    """

    model: str
    window: int
    overlap: int
    side: int
    windows: int
    off: float
    worst: int
    psnr: float
    work: float


def measure(names: Sequence[str], settings: EngineSettings) -> Iterator[Row]:
    """Compare tiled with untiled results, model by model."""
    tiled, untiled = Upscaler(settings), Untiled(settings)
    for name in names:
        recipe = Recipe(name, (name,))
        tiled.warm_up(recipe)
        large = work(plan_of(tiled, 1500, 2000, recipe)) / work(plan_of(untiled, 1500, 2000, recipe))
        first = plan_of(tiled, 4000, 4000, recipe)[0][0]
        side = (first.stop - first.start) * 5 // 4
        pixels = photograph(side)
        cut, whole = (upscaled(upscaler, pixels, recipe).astype(int) for upscaler in (tiled, untiled))
        difference = np.abs(cut - whole)
        error = float((difference**2).mean())
        rows, columns = plan_of(tiled, side, side, recipe)
        yield Row(
            name,
            window=tiled._selection.backend.window_side(MODELS[name]),
            overlap=MODELS[name].overlap,
            side=side,
            windows=len(rows) * len(columns),
            off=float((difference.max(axis=2) > 2).mean()),
            worst=int(difference.max()),
            psnr=10 * math.log10(255**2 / error) if error else math.inf,
            work=large,
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.seams", description=__doc__)
    parser.add_argument(
        "--tile", type=int, default=0, help="side of a core in pixels, 0 for the engine's own"
    )
    parser.add_argument("--threads", type=int, default=EngineSettings().threads, help="(%(default)s)")
    parser.add_argument("models", nargs="*", default=MODEL_NAMES, metavar="MODEL")
    chosen = parser.parse_args()
    print(f"{'model':26}{'px':>6}{'windows':>9}{'PSNR':>8}{'off by > 2':>12}{'worst':>7}{'work':>8}")
    for row in measure(chosen.models, EngineSettings(threads=chosen.threads, tile_pixels=chosen.tile)):
        psnr = "exact" if row.psnr == math.inf else f"{row.psnr:.1f}"
        print(
            f"{row.model:26}{row.side:6}{row.windows:9}{psnr:>8}{row.off:12.3%}{row.worst:7}{row.work:7.2f}x",
            flush=True,
        )


if __name__ == "__main__":
    main()
