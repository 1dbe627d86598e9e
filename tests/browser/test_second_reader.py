"""The table of `bench.second_reader`: what is read, what differs, what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser

from bench.second_reader import Row, rows_of, summary
from tests.support.bmp_files import Case, write


@pytest.fixture
def rows(tmp_path, browser: Browser) -> dict[str, Row]:
    pixels = np.kron(np.arange(48, dtype=np.uint8).reshape(4, 4, 3) * 5, np.ones((8, 8, 1), np.uint8))
    for ending in ("png", "jpg", "webp", "tif"):
        Image.fromarray(pixels).save(tmp_path / f"a.{ending}")
    (tmp_path / "sub").mkdir()
    # This browser shows an empty alpha channel, this project takes it for none.
    (tmp_path / "sub" / "empty.bmp").write_bytes(write(Case(124, "8888"), empty_alpha=True).content)
    (tmp_path / "cut.png").write_bytes((tmp_path / "a.png").read_bytes()[:60])
    (tmp_path / "turned.png").write_bytes(b"")
    (tmp_path / "text.txt").write_text("no image")
    return {row.name: row for row in rows_of(tmp_path, browser.new_page())}


def test_each_image_file_is_one_row(rows):
    assert sorted(rows) == ["a.jpg", "a.png", "a.tif", "a.webp", "cut.png", "sub/empty.bmp"]


def test_files_that_both_read_alike_agree(rows):
    for name in ("a.png", "a.jpg", "a.webp", "a.tif"):
        assert (rows[name].state, rows[name].agrees) == ("read", True), rows[name]
        assert rows[name].mean < 1
    assert (rows["a.png"].worst, rows["a.tif"].second) == (0, "libvips")


def test_a_difference_stands_out(rows):
    row = rows["sub/empty.bmp"]
    assert (row.state, row.agrees) == ("read", False)
    assert "DIFFER" in str(row)


def test_a_refusal_is_named(rows):
    assert rows["cut.png"].state == "damaged_image"
    assert rows["cut.png"].mean is None


def test_the_summary_counts_by_format(rows):
    assert summary(rows.values()).splitlines()[0] == "bmp   1 files, 1 read, 1 DIFFER"
    assert "png   2 files, 1 read, 1 agree, 1 damaged_image" in summary(rows.values())
