from __future__ import annotations

import mmap
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from upscaler.engine.imaging.encode import ResultWriter
from upscaler.engine.imaging.formats import PNG
from upscaler.engine.imaging.png import Tags
from upscaler.engine.postprocess import finisher
from upscaler.engine.postprocess.finisher import Finisher, ResultParts, release
from upscaler.engine.tiling.scratch import scratch_pixels
from upscaler.errors import OutputRejected


@pytest.fixture
def parts(colours, tmp_path, monkeypatch):
    """An image of 40 x 480 pixels, its true upscaled image 5 levels too dark, in blocks of 10 rows."""
    monkeypatch.setattr(finisher, "_BLOCK_PIXELS", 80 * 10)
    source = colours(40, 480)
    raw = scratch_pixels((960, 80, 3), tmp_path)
    raw[:] = source.repeat(2, 0).repeat(2, 1) - 5
    return ResultParts(source, raw, 2, None, None, gray_as_rgb=False)


@pytest.fixture
def start(tmp_path):
    """Return a maker of finishers that write a PNG."""
    made = []

    def make(parts, on_rows=lambda _: None):
        height, width = parts.raw.shape[:2]

        def open_writer():
            return ResultWriter(
                tmp_path / "a.png", PNG, (width, height), (parts.channels, parts.raw.dtype), Tags()
            )

        made.append(Finisher(parts, open_writer, on_rows))
        return made[-1]

    yield make
    for one in made:
        one.abort()


def report_until_it_raises(finisher):
    for _ in range(600):
        finisher.rows_ready(430)
        time.sleep(0.1)


def test_rows_are_written_before_the_last_one_is_there(parts, start, tmp_path):
    shares, written = [], threading.Event()

    def note(share):
        shares.append(share)
        if share > 0.4:
            written.set()

    finisher = start(parts, note)
    finisher.rows_ready(0)
    finisher.rows_ready(430)
    assert written.wait(60), "rows of which all around is known"
    assert not (tmp_path / "a.png").exists()
    finisher.rows_ready(480)
    finished = finisher.result()
    with Image.open(tmp_path / "a.png") as image:
        pixels = np.asarray(image).astype(int)
    assert np.abs(pixels - parts.source.repeat(2, 0).repeat(2, 1)).max() <= 1, "tones are right again"
    assert finished.report.mean_drift < 0.5
    assert set(finished.seconds) == {"tones", "check", "encode"}
    assert shares[-1] == 1.0


def test_tones_stay_as_the_models_left_them_where_that_is_wished(parts, start, tmp_path):
    finisher = start(replace(parts, match_colours=False))
    finisher.rows_ready(0)
    finisher.rows_ready(480)
    assert finisher.result().report.mean_drift == pytest.approx(5, abs=0.1)
    with Image.open(tmp_path / "a.png") as image:
        np.testing.assert_array_equal(np.asarray(image), parts.raw)


def test_starting_again_begins_at_the_top(parts, start, tmp_path):
    finisher = start(parts)
    finisher.rows_ready(0)
    finisher.rows_ready(360)
    parts.raw[:] = parts.source.repeat(2, 0).repeat(2, 1)
    finisher.rows_ready(0)
    finisher.rows_ready(480)
    assert finisher.result().report.mean_drift < 0.5
    with Image.open(tmp_path / "a.png") as image:
        np.testing.assert_array_equal(np.asarray(image), parts.raw)


def test_a_wrong_result_leaves_no_file(parts, start, tmp_path):
    parts.raw[480:] = 0
    finisher = start(parts)
    finisher.rows_ready(0)
    finisher.rows_ready(480)
    with pytest.raises(OutputRejected):
        finisher.result()
    assert list(tmp_path.iterdir()) == []


def test_giving_up_leaves_no_file(parts, start, tmp_path):
    finisher = start(parts)
    finisher.rows_ready(0)
    finisher.rows_ready(360)
    finisher.abort()
    assert list(tmp_path.iterdir()) == []


def test_a_failure_in_the_thread_reaches_the_models(parts, start, monkeypatch):
    finisher = start(parts)
    finisher.rows_ready(0)

    def no_room(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(ResultWriter, "write", no_room)
    finisher.rows_ready(430)
    with pytest.raises(OSError, match="No space left"):
        report_until_it_raises(finisher)


@pytest.mark.parametrize(("as_rgb", "mode"), [(True, "RGBA"), (False, "LA")])
def test_gray_and_transparency_are_put_together(start, tmp_path, as_rgb, mode):
    source = np.linspace(20, 220, 64).astype(np.uint8).reshape(8, 8, 1)
    alpha = np.full((8, 8), 77, np.uint8)
    parts = ResultParts(
        source,
        source.repeat(2, 0).repeat(2, 1),
        2,
        alpha.repeat(2, 0).repeat(2, 1),
        alpha,
        gray_as_rgb=as_rgb,
    )
    finisher = start(parts)
    finisher.rows_ready(0)
    finisher.rows_ready(8)
    finisher.result()
    with Image.open(tmp_path / "a.png") as image:
        assert image.mode == mode
        assert set(np.unique(np.asarray(image)[..., -1])) == {77}


def test_released_rows_keep_their_content(tmp_path):
    pixels = scratch_pixels((100, mmap.PAGESIZE, 1), tmp_path)
    pixels[:] = 9
    release(pixels, 10, 90)
    assert (pixels == 9).all()
    release(np.zeros((4, 4, 3), np.uint8), 0, 4)
