"""An upscaled image that is broken off goes on where it was, and gives the very same image."""

from __future__ import annotations

import os
import signal

import numpy as np
import pytest
from PIL import Image

from upscaler.engine.options import UpscaleOptions
from upscaler.engine.pipeline import Engine, upscale_file
from upscaler.engine.process.client import EngineLimits, EngineProcess
from upscaler.engine.result import Checkpoint
from upscaler.engine.settings import EngineSettings
from upscaler.engine.tiling.scratch import Scratch
from upscaler.engine.tiling.upscaler import Upscaler
from upscaler.errors import EngineCanceled, EngineCrashed

SMALL_TILES = EngineSettings(threads=1, tile_pixels=32)


@pytest.fixture(scope="module")
def small_tiles():
    return Upscaler(SMALL_TILES)


@pytest.fixture
def upscale(tmp_path, small_tiles):
    """Return a function that upscales a file until a share is done, and keeps the tiles."""

    def run(source, options, until=2.0, checkpoint=None):
        done = [0.0]
        scratch = Scratch(tmp_path, checkpoint or Checkpoint(tmp_path / "kept", 10**9))
        result = upscale_file(
            source,
            tmp_path / "out.png",
            None,
            options,
            Engine(small_tiles),
            on_progress=done.append,
            should_stop=lambda: done[-1] > until,
            scratch=scratch,
        )
        with Image.open(tmp_path / "out.png") as image:
            return result.receipt["resumed_tiles"], np.asarray(image)

    return run


def logo(colours):
    """Return an image whose transparency has a shape."""
    y, x = np.indices((70, 100))
    inside = ((x - 50) ** 2 + (y - 35) ** 2 < 900).astype(np.uint8) * 255
    return np.dstack([colours(100, 70), inside])


@pytest.mark.parametrize("until", [0.3, 0.6, 0.93])
@pytest.mark.parametrize("factor", ["4x", "8x"])
def test_an_image_that_was_broken_off_is_the_same_in_the_end(upscale, save, colours, factor, until, tmp_path):
    source = save("a.png", logo(colours) if factor == "4x" else colours(70, 50))
    options = UpscaleOptions(factor, "standard")
    _, whole = upscale(source, options, checkpoint=Checkpoint(tmp_path / "other", 10**9))

    with pytest.raises(EngineCanceled):
        upscale(source, options, until)
    resumed_tiles, resumed = upscale(source, options)

    assert resumed_tiles > 0
    assert np.array_equal(resumed, whole)


def test_a_second_run_has_nothing_left_to_compute(upscale, save, colours):
    source = save("a.png", colours(100, 70))
    upscale(source, UpscaleOptions("2x"))

    resumed_tiles, _ = upscale(source, UpscaleOptions("2x"))

    assert resumed_tiles == 4 * 3


def test_other_choices_and_other_images_start_anew(upscale, save, colours):
    source = save("a.png", colours(100, 70))
    upscale(source, UpscaleOptions("2x"))
    assert upscale(source, UpscaleOptions("2x", denoise="high"))[0] == 0

    upscale(source, UpscaleOptions("2x"))
    assert upscale(save("b.png", colours(100, 70)[::-1]), UpscaleOptions("2x"))[0] == 0


def test_a_child_that_is_killed_leaves_its_tiles_to_the_next(tmp_path, save, colours):
    source, options = save("a.png", colours(224, 224)), UpscaleOptions("4x", "art")
    checkpoint = Checkpoint(tmp_path / "kept", 10**9)
    engine = EngineProcess(SMALL_TILES, EngineLimits(timeout_seconds=300, memory_bytes=4 << 30), tmp_path)

    def kill_half_way(share: float) -> None:
        if share > 0.4 and engine.pid is not None:
            os.kill(engine.pid, signal.SIGKILL)

    try:
        with pytest.raises(EngineCrashed):
            engine.upscale(
                source, tmp_path / "out.png", None, options, on_progress=kill_half_way, checkpoint=checkpoint
            )
        resumed: list[float] = []
        result = engine.upscale(
            source, tmp_path / "out.png", None, options, on_progress=resumed.append, checkpoint=checkpoint
        )
    finally:
        engine.close()

    assert result.receipt["resumed_tiles"] >= 2
    assert resumed[0] < 1, "something was left to do"
    whole = upscale_file(
        source,
        tmp_path / "whole.png",
        None,
        options,
        Engine(Upscaler(SMALL_TILES)),
        scratch=Scratch(tmp_path),
    )
    assert result.sha256 == whole.sha256
