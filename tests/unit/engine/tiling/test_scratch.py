from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from upscaler.engine.result import Checkpoint
from upscaler.engine.tiling.scratch import Scratch, is_in_use, scratch_pixels

SHAPE, BYTE = (30, 40, 3), np.dtype(np.uint8)

# Makes two tiles and is killed over the third.
DYING = """
import os, signal, sys
from pathlib import Path
import numpy as np
from upscaler.engine.result import Checkpoint
from upscaler.engine.tiling.scratch import Scratch
folder = Path(sys.argv[1])
scratch = Scratch(folder, Checkpoint(folder / "kept", 10**6))
made = scratch.tiles("colour-0", (30, 40, 3), np.dtype(np.uint8))
made.tiles.begin("a key")
for row in range(2):
    made.pixels[row * 10 : row * 10 + 10] = row + 1
    made.tiles.note((row, 0))
made.pixels[20:25] = 99
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def broken_off(tmp_path: Path) -> Checkpoint:
    """Return where a killed process has kept two of three tiles."""
    ended = subprocess.run(
        [sys.executable, "-c", DYING, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[4])},
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL
    return Checkpoint(tmp_path / "kept", 10**6)


def test_it_gives_zeros_that_can_be_written_and_leaves_no_name(tmp_path):
    pixels = scratch_pixels(SHAPE, tmp_path)
    assert (pixels.shape, pixels.dtype, int(pixels.sum())) == (SHAPE, BYTE, 0)
    pixels[10, 20] = (1, 2, 3)
    assert pixels[10, 20].tolist() == [1, 2, 3]
    assert list(tmp_path.iterdir()) == []


def test_tiles_outlive_a_killed_process(tmp_path, broken_off):
    scratch = Scratch(tmp_path, broken_off)
    found = scratch.tiles("colour-0", SHAPE, BYTE)

    assert found.tiles.begin("a key") == {(0, 0), (1, 0)}
    assert scratch.resumed_tiles == 2
    assert found.pixels[:10].min() == found.pixels[:10].max() == 1
    assert found.pixels[10:20].min() == found.pixels[10:20].max() == 2


def test_what_was_made_of_something_else_is_of_no_use(tmp_path, broken_off):
    scratch = Scratch(tmp_path, broken_off)

    assert scratch.tiles("colour-0", SHAPE, BYTE).tiles.begin("another key") == frozenset()
    assert scratch.resumed_tiles == 0
    scratch.close()
    again = Scratch(tmp_path, broken_off).tiles("colour-0", SHAPE, BYTE)
    assert again.tiles.begin("a key") == frozenset(), "it was forgotten"


def test_neither_is_an_array_of_another_size(tmp_path, broken_off):
    other = Scratch(tmp_path, broken_off).tiles("colour-0", (30, 20, 3), BYTE)

    assert other.tiles.begin("a key") == frozenset()
    assert other.pixels.shape == (30, 20, 3)
    assert other.pixels.max() == 0


def test_tiles_from_before_the_machine_started_again_are_not_trusted(tmp_path, broken_off, monkeypatch):
    (tmp_path / "boot_id").write_text("a later start")
    monkeypatch.setattr("upscaler.engine.tiling.scratch._BOOT_ID", tmp_path / "boot_id")

    assert Scratch(tmp_path, broken_off).tiles("colour-0", SHAPE, BYTE).tiles.begin("a key") == frozenset()


@pytest.mark.parametrize("torn", ["2", "2 ", "2 0 extra\n", "\n", "zwei 0\n"])
def test_a_torn_line_is_no_tile_and_does_not_hurt_the_next_one(tmp_path, broken_off, torn):
    with (broken_off.folder / "colour-0.tiles").open("a") as log:
        log.write(torn)
    scratch = Scratch(tmp_path, broken_off)
    found = scratch.tiles("colour-0", SHAPE, BYTE)
    assert found.tiles.begin("a key") == {(0, 0), (1, 0)}
    found.tiles.note((2, 7))
    scratch.close()

    again = Scratch(tmp_path, broken_off).tiles("colour-0", SHAPE, BYTE)
    assert again.tiles.begin("a key") == {(0, 0), (1, 0), (2, 7)}


def test_two_at_once_do_not_share(tmp_path, broken_off):
    first = Scratch(tmp_path, broken_off)
    first.tiles("colour-0", SHAPE, BYTE)
    assert is_in_use(broken_off.folder)

    second = Scratch(tmp_path, broken_off).tiles("colour-0", SHAPE, BYTE)
    assert second.tiles.begin("a key") == frozenset()
    assert second.pixels.max() == 0

    first.close()
    assert not is_in_use(broken_off.folder)


def test_what_does_not_fit_is_not_kept(tmp_path):
    checkpoint = Checkpoint(tmp_path / "kept", 2 * 3600)
    scratch = Scratch(tmp_path, checkpoint)

    kept = [scratch.tiles(f"colour-{number}", SHAPE, BYTE).tiles.remembers for number in range(3)]

    assert kept == [True, True, False]
    assert {path.stem for path in checkpoint.folder.iterdir()} == {"colour-0", "colour-1"}
