"""Photographs with profiles look the same before and after, in a viewer that heeds profiles."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest
import pyvips
from skimage.color import deltaE_ciede2000

from tests.support.photographs import photograph
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.pipeline import Engine, upscale_file
from upscaler.engine.settings import EngineSettings
from upscaler.engine.tiling.scratch import Scratch
from upscaler.engine.tiling.upscaler import Upscaler


def as_lab(path, shrink: int = 1) -> np.ndarray:
    """Return CIE Lab (H, W, 3) as the file's own profile has it, reduced by whole pixels."""
    image = pyvips.Image.new_from_file(str(path))
    lab = image.icc_import(embedded=True, pcs="lab", intent="relative", black_point_compensation=True)
    return lab.shrink(shrink, shrink).numpy()


@pytest.mark.parametrize("output_format", ["png", "jpeg", "webp", "avif"])
@pytest.mark.parametrize("profile", ["p3", "cmyk"])
def test_wide_and_cmyk_photographs_keep_their_colours(tmp_path, upscaler, profile, output_format):
    pixels = np.asarray(photograph("coffee", 96))
    height, width, _ = pixels.shape
    image = pyvips.Image.new_from_memory(pixels.copy().data, width, height, 3, "uchar").copy(
        interpretation="srgb"
    )
    if profile == "cmyk":
        image = image.icc_transform("cmyk", input_profile="srgb", intent="relative")
    else:
        # The same numbers with a wider profile: more vivid than sRGB can be.
        data = bytes(pyvips.Operation.call("profile_load", profile))
        image = image.copy()
        image.set_type(pyvips.GValue.blob_type, "icc-profile-data", data)
    source = tmp_path / "source.tif"
    image.tiffsave(str(source))
    options = UpscaleOptions("2x", output_format=output_format)
    result = upscale_file(
        source, tmp_path / "out", None, options, Engine(upscaler), scratch=Scratch(tmp_path)
    )
    difference = deltaE_ciede2000(as_lab(source), as_lab(tmp_path / "out", 2))
    assert difference.mean() <= 1.0
    listed, code = ("kept", "profile_kept") if profile == "p3" else ("changed", "profile_converted")
    assert code in [note["code"] for note in result.receipt[listed]]


def test_rows_that_are_written_while_models_work_are_no_progress(tmp_path):
    source = tmp_path / "source.png"
    photograph("coffee", 600).save(source)
    upscaler = Upscaler(EngineSettings(engine="lanczos", threads=1, tile_pixels=150))
    shares: list[float] = []

    def report(share: float) -> None:
        shares.append(share)
        # Meanwhile the rows so far are written.
        time.sleep(0.02)

    upscale_file(
        source,
        tmp_path / "out",
        None,
        UpscaleOptions("2x"),
        Engine(upscaler),
        on_progress=report,
        scratch=Scratch(tmp_path),
    )

    # Rows of windows, one after another: none of them is passed over.
    assert max(later - earlier for earlier, later in itertools.pairwise(shares)) < 0.12
