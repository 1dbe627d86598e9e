from __future__ import annotations

import numpy as np
import pytest
from PIL import ExifTags, Image

from upscaler.engine.imaging.encode import ResultWriter
from upscaler.engine.imaging.formats import AVIF, FORMATS, JPEG, PNG, WEBP
from upscaler.engine.imaging.png import Tags
from upscaler.engine.imaging.written import read_written
from upscaler.errors import EngineError

WRITABLE = [kind for kind in FORMATS if kind.writable]


def written(path, kind, pixels, tags=None):
    height, width, channels = pixels.shape
    writer = ResultWriter(path, kind, (width, height), (channels, pixels.dtype), tags or Tags())
    writer.write(pixels)
    writer.close()
    return read_written(path, kind)


@pytest.mark.parametrize("kind", WRITABLE, ids=lambda kind: kind.name)
def test_it_reports_what_was_written(tmp_path, wide_profile, kind):
    pixels = np.full((6, 9, 4), 90, np.uint8)
    found = written(tmp_path / "a", kind, pixels, Tags(wide_profile, (300.0, 150.0)))
    assert (found.width, found.height, found.bit_depth) == (9, 6, 8)
    assert found.mode == ("RGBA" if kind.has_alpha else "RGB")
    assert found.profile == wide_profile
    assert found.dpi == pytest.approx((300, 150), abs=0.5)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_it_distinguishes_layouts_and_depths(tmp_path, channels):
    found = written(tmp_path / "a", PNG, np.zeros((4, 4, channels), np.uint16))
    assert (found.mode, found.bit_depth) == (["L", "LA", "RGB", "RGBA"][channels - 1], 16)


@pytest.mark.parametrize("kind", [JPEG, WEBP, AVIF], ids=lambda kind: kind.name)
def test_it_reads_exif_data_and_the_resolution_in_it(tmp_path, kind):
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Canon"
    tags = Tags(None, (300.0, 300.0), exif.tobytes().removeprefix(b"Exif\0\0"))
    found = written(tmp_path / "a", kind, np.zeros((4, 4, 3), np.uint8), tags)
    assert found.exif is not None
    assert found.exif[ExifTags.Base.Make] == "Canon"
    assert found.dpi == pytest.approx((300, 300), abs=0.5)


@pytest.mark.parametrize("content", [b"", b"no image", b"\x89PNG\r\n\x1a\n"])
def test_a_file_without_a_header_is_an_error_of_the_engine(tmp_path, content):
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(EngineError):
        read_written(tmp_path / "a", PNG)
