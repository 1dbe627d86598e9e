"""Files of many layouts through the whole pipeline: the result shows what was written into the source."""

from __future__ import annotations

import io

import numpy as np
import pytest

from tests.support.png_files import every_case, write_png
from tests.support.tiff_files import base_cases, stored_variants, write
from upscaler.engine.imaging.decode import decode
from upscaler.engine.imaging.png import PngWriter, Tags
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.pipeline import Engine, upscale_file
from upscaler.engine.tiling.scratch import Scratch
from upscaler.errors import UnsupportedLayout

MOST_LEVELS = 1.0


@pytest.fixture
def upscaled(lanczos, tmp_path):
    """Return uint8 RGB and alpha of a file's content, upscaled; premultiplied, so that what is invisible is equal."""
    engine = Engine(lanczos)

    def run(content: bytes) -> np.ndarray:
        (tmp_path / "in").write_bytes(content)
        options = UpscaleOptions("2x", output_format="png")
        upscale_file(tmp_path / "in", tmp_path / "out", None, options, engine, scratch=Scratch(tmp_path))
        image = decode(tmp_path / "out")
        alpha = np.full(image.rgb.shape[:2], 255, np.uint8) if image.alpha is None else image.alpha
        return np.dstack([image.rgb * (alpha[..., np.newaxis] / 255), alpha])

    return run


def plain(colour: np.ndarray, alpha: np.ndarray | None, *, deep: bool) -> bytes:
    """Return the same image, from fractions (H, W, 1 or 3) and (H, W), as RGB or RGBA of 8 or 16 bits."""
    parts = [np.repeat(colour, 3, axis=2) if colour.shape[2] == 1 else colour]
    parts += [] if alpha is None else [alpha[..., np.newaxis]]
    level = np.dtype(np.uint16 if deep else np.uint8)
    pixels = np.rint(np.concatenate(parts, axis=2) * np.iinfo(level).max).astype(level)
    buffer = io.BytesIO()
    writer = PngWriter(buffer, (pixels.shape[1], pixels.shape[0]), (pixels.shape[2], level), Tags())
    writer.write(pixels)
    writer.close()
    return buffer.getvalue()


def test_tiff(upscaled):
    cases = [case for case in base_cases() if case.photometric not in ("cmyk", "lab")]
    read = 0
    for number, case in enumerate(cases[::7]):
        variants = list(stored_variants(case))
        stored = variants[number * 5 % len(variants)]
        written = write(stored)
        try:
            result = upscaled(written.content)
        except UnsupportedLayout:
            continue
        read += 1
        near = np.abs(result - upscaled(plain(written.colour, written.alpha, deep=stored.bits > 8)))
        assert near.max() <= MOST_LEVELS, (stored, near.max())
    print(f"{read} layouts of TIFF through the pipeline")  # noqa: T201 - for pytest -rP
    assert read > 80


def test_png(upscaled):
    cases = [case for case in every_case() if case.filters == (0, 1, 2, 3, 4)]
    for case in cases:
        written = write_png(case)
        truth = plain(written.colour / written.top, written.alpha, deep=case.depth > 8)
        near = np.abs(upscaled(written.content) - upscaled(truth))
        assert near.max() <= MOST_LEVELS, (case, near.max())
    print(f"{len(cases)} layouts of PNG through the pipeline")  # noqa: T201 - for pytest -rP
