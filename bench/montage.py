"""Draw parts of images beside what candidates of the preset table make of them, for the eye to judge."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from bench.candidates import candidates_for
from bench.metrics import Pixels
from bench.presets import reduced, truths, upscaled
from upscaler.engine.settings import EngineSettings
from upscaler.engine.tiling.upscaler import Upscaler

# What is worth looking at, at 4x.
_SHOWN: Mapping[tuple[str, str], Sequence[str]] = {
    ("photographs", "clean"): ("upconv7 twice", "SPAN", "x4plus", "x4plus + SPAN"),
    ("photographs", "jpeg 75"): ("upconv7 twice", "SPAN", "cunet 1x n1, SPAN", "x4plus"),
    ("drawings", "clean"): ("cunet twice", "SPAN", "x4plus-anime", "CUGAN 4x conservative"),
    ("drawings", "jpeg 75"): ("SPAN", "cunet n1, cunet", "x4plus-anime + (cunet n1, cunet)", "x4plus-anime"),
}
_SCALE, _SIDE, _LABEL = 4, 192, 14


def cells(
    upscaler: Upscaler, folder: Path, kind: str, source: str, names: Sequence[str]
) -> Iterator[tuple[str, Pixels]]:
    """Yield title and pixels of each cell, row by row: the truth, and what the candidates make of it."""
    candidates = candidates_for(kind, _SCALE, source)
    chosen = [pair for pair in truths(folder / kind, _SCALE, _SIDE) if pair[0] in names]
    for _, truth in chosen:
        small = reduced(truth, _SCALE, source, Image.Resampling.BICUBIC)
        yield "truth", truth
        for name in _SHOWN[kind, source]:
            yield f"{name} ({source})", upscaled(upscaler, small, candidates[name], _SCALE)


def drawn(titled: Sequence[tuple[str, Pixels]], columns: int) -> Image.Image:
    """Return the cells on one sheet."""
    rows = -(-len(titled) // columns)
    sheet = Image.new("RGB", (columns * _SIDE, rows * (_SIDE + _LABEL)), "white")
    draw = ImageDraw.Draw(sheet)
    for number, (title, pixels) in enumerate(titled):
        left, top = number % columns * _SIDE, number // columns * (_SIDE + _LABEL)
        draw.text((left + 2, top + 1), title, fill="black")
        sheet.paste(Image.fromarray(np.ascontiguousarray(pixels)), (left, top + _LABEL))
    return sheet


def main() -> None:
    """Draw a sheet for photographs and one for drawings."""
    parser = argparse.ArgumentParser(prog="python -m bench.montage", description=__doc__)
    parser.add_argument("folder", type=Path, help="holds the folders photographs and drawings of PNG files")
    parser.add_argument("target", type=Path, help="folder for the sheets")
    parser.add_argument("--names", nargs="+", required=True, help="of the images, without their endings")
    chosen = parser.parse_args()
    upscaler = Upscaler(EngineSettings())
    for kind in ("photographs", "drawings"):
        titled = [
            cell
            for source in ("clean", "jpeg 75")
            for cell in cells(upscaler, chosen.folder, kind, source, chosen.names)
        ]
        drawn(titled, 5).save(chosen.target / f"presets-{kind}.webp", quality=80)


if __name__ == "__main__":
    main()
