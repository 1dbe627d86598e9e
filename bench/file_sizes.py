"""Measure how the size of a result's file follows from that of its source, and fit the estimate of quotes to it.

Each image of the folders is saved in each source format, upscaled as a job would be, and written in each result format.
Half of the images are fitted, the other half judged, and the reverse.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from bench.presets import truths
from upscaler.engine.imaging.encode import ResultWriter
from upscaler.engine.imaging.formats import FORMATS
from upscaler.engine.imaging.png import Tags
from upscaler.engine.model_zoo.recipe_builder import recipe_for
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.pipeline import Engine, upscale_file
from upscaler.engine.settings import EngineSettings
from upscaler.engine.tiling.scratch import Scratch
from upscaler.engine.tiling.upscaler import Upscaler
from upscaler.services.jobs.file_sizes import features, share_invented

# By the name of a source's format, how it is saved.
SAVED = (
    ("png", {}),
    *(("jpeg", {"quality": quality, "subsampling": "4:2:0"}) for quality in (60, 80, 95)),
    *(("webp", {"quality": quality}) for quality in (60, 90)),
    *(("avif", {"quality": quality}) for quality in (50, 80)),
)
OPTIONS = (UpscaleOptions("2x"), UpscaleOptions("4x"), UpscaleOptions("2x", denoise="med"))
# Costly ones, on a smaller part of each image.
COSTLY = (UpscaleOptions("4x", "photo"),)
_FOLDERS = ("photographs", "drawings")


@dataclass(frozen=True)
class Pair:
    """A source and a result.

    Attributes:
        image: its number.
        source, result: names of their formats.
        source_bits, result_bits: per pixel.
        scale: of the result.
        invented: share of the models that invent detail.
        quality: of the result; None for formats without.
        options: what was chosen, in words.
    """

    image: int
    source: str
    result: str
    source_bits: float
    result_bits: float
    scale: int
    invented: float
    quality: int | None
    options: str

    @property
    def features(self) -> list[float]:
        """The logarithms whose weights are fitted."""
        return features(self.source_bits, self.scale, self.invented, self.quality)


def pairs(folder: Path, side: int, every: int) -> Iterator[Pair]:
    """Yield what was measured."""
    engine = Engine(Upscaler(EngineSettings()))
    images = [pixels for name in _FOLDERS for _, pixels in truths(folder / name, 1, side)][::every]
    with tempfile.TemporaryDirectory() as name:
        for number, pixels in enumerate(images):
            quarter = np.ascontiguousarray(pixels[: side // 2, : side // 2])
            for options in (*OPTIONS, *COSTLY):
                image = Image.fromarray(quarter if options in COSTLY else pixels)
                yield from _of_image(number, image, options, engine, Path(name))


def _of_image(
    number: int, image: Image.Image, options: UpscaleOptions, engine: Engine, folder: Path
) -> Iterator[Pair]:
    source, target = folder / "source", folder / "target"
    for kind, how in SAVED:
        image.save(source, kind.upper(), **how)  # type: ignore[arg-type]  # Pillow's types name no union
        upscale_file(source, target, None, options, engine, scratch=Scratch(folder))
        result = np.asarray(Image.open(target).convert("RGB"))
        for name, quality, size in _written(result, folder / "written"):
            bits = source.stat().st_size * 8 / (image.width * image.height)
            result_bits = size * 8 / (result.shape[0] * result.shape[1])
            scale = result.shape[0] // image.height
            words = f"{options.factor} {options.preset} {options.denoise}"
            invented = share_invented(recipe_for(options))
            yield Pair(number, kind, name, bits, result_bits, scale, invented, quality, words)


def _written(pixels: np.ndarray, path: Path) -> Iterator[tuple[str, int | None, int]]:
    """Yield format, quality and bytes of an image in each result format."""
    height, width, _ = pixels.shape
    for kind in FORMATS:
        if kind.writer is None:
            continue
        qualities = (None,) if kind.default_quality is None else (kind.default_quality, 60)
        for quality in qualities:
            layout = (3, np.dtype(np.uint8))
            writer = ResultWriter(
                path, kind, (width, height), layout, Tags(None, None, None), quality=quality
            )
            writer.write(pixels)
            writer.close()
            yield kind.name, quality, path.stat().st_size


def weights_of(known: Sequence[Pair]) -> np.ndarray:
    """Return the weights of the features that fit best."""
    values = np.array([pair.features for pair in known])
    bits = np.log([pair.result_bits for pair in known])
    return np.asarray(np.linalg.lstsq(values, bits, rcond=None)[0])


def ratios(judged: Iterable[Pair], weights: np.ndarray) -> dict[str, list[float]]:
    """Return estimates over measured sizes, by options."""
    found: dict[str, list[float]] = {}
    for pair in judged:
        estimate = math.exp(float(np.dot(pair.features, weights)))
        found.setdefault(pair.options, []).append(estimate / pair.result_bits)
    return found


def show(known: Sequence[Pair]) -> None:
    """Print the weights of all pairs, and how far estimates for images that were not fitted are off."""
    found: dict[str, list[float]] = {}
    for half in (0, 1):
        weights = weights_of([pair for pair in known if pair.image % 2 == half])
        for options, values in ratios((pair for pair in known if pair.image % 2 != half), weights).items():
            found.setdefault(options, []).extend(values)
    weights = ", ".join(f"{weight:.3f}" for weight in weights_of(known))
    print(f"{known[0].source} to {known[0].result}: ({weights})", flush=True)
    for options, values in found.items():
        within = np.mean([0.5 <= value <= 2 for value in values])
        print(
            f"  {options:20}{len(values):6} {within:7.1%} within 2, {min(values):.2f} to {max(values):.2f}",
            flush=True,
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.file_sizes", description=__doc__)
    parser.add_argument("folder", type=Path, help="holds the folders photographs and drawings of PNG files")
    parser.add_argument("--side", type=int, default=256, help="of the sources in pixels (%(default)s)")
    parser.add_argument("--every", type=int, default=1, help="take one of so many images (%(default)s)")
    chosen = parser.parse_args()
    by_formats: dict[tuple[str, str], list[Pair]] = {}
    for pair in pairs(chosen.folder, chosen.side, chosen.every):
        by_formats.setdefault((pair.source, pair.result), []).append(pair)
    for known in by_formats.values():
        show(known)


if __name__ == "__main__":
    main()
