"""Print resolution: read as the file says it, kept or left out, never made up."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import ExifTags, Image, TiffImagePlugin

from upscaler.engine.imaging.decode import decode
from upscaler.engine.imaging.encode import ResultWriter
from upscaler.engine.imaging.formats import AVIF, FORMATS, JPEG, PNG, WEBP
from upscaler.engine.imaging.png import Tags
from upscaler.engine.imaging.resolution import dpi_of_tags, valid_dpi
from upscaler.engine.imaging.written import read_written

BASE = ExifTags.Base
WRITABLE = [kind for kind in FORMATS if kind.writable]
RATIO = TiffImagePlugin.IFDRational


def exif_with(values: dict[int, object]) -> Image.Exif:
    exif = Image.Exif()
    exif.update(values)
    return exif


@pytest.mark.parametrize(
    ("unit", "across", "down", "expected"),
    [
        (2, (300, 1), (150, 1), (300, 150)),
        (3, RATIO(100, 1), RATIO(50, 1), (254, 127)),
        (None, 300, 300, (300, 300)),
        (1, 300, 300, None),
        (2, None, 300, None),
        (2, (300, 0), (300, 1), None),
        (2, RATIO(0, 0), RATIO(300, 1), None),
        (2, "x", "y", None),
        (2, 0.5, 0.5, None),
    ],
)
def test_tags(unit, across, down, expected):
    assert dpi_of_tags(unit, across, down) == (pytest.approx(expected) if expected else None)


@pytest.mark.parametrize(
    "dpi", [None, (), (300,), (300, 0), (float("nan"), 300), (1e9, 1e9), "300", (None, 300)]
)
def test_nonsense_is_no_resolution(dpi):
    assert valid_dpi(dpi) is None


@pytest.mark.parametrize("kind", [JPEG, PNG, WEBP, AVIF], ids=lambda kind: kind.name)
def test_exif_alone_names_the_resolution_in_every_format(save, kind):
    exif = exif_with({BASE.XResolution: 300.0, BASE.YResolution: 150.0, BASE.ResolutionUnit: 2})
    path = save(f"a.{kind.name}", Image.new("RGB", (8, 8)), exif=exif)
    assert decode(path).dpi == pytest.approx((300, 150))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "tiff"])
def test_it_turns_with_the_image(save, kind, orientation):
    exif = exif_with({BASE.Orientation: orientation})
    if kind == "webp":
        exif.update({BASE.XResolution: 300.0, BASE.YResolution: 150.0, BASE.ResolutionUnit: 2})
    image = decode(save(f"a.{kind}", Image.new("RGB", (8, 8)), exif=exif, dpi=(300, 150)))
    assert image.dpi == pytest.approx((150, 300) if orientation >= 5 else (300, 150), abs=0.1)


def test_exif_without_a_resolution_does_not_make_one_up(save):
    exif = exif_with({BASE.Make: "Canon"})
    path = save("a.jpg", Image.new("RGB", (8, 8)), exif=exif)
    assert decode(path).dpi is None


def test_a_shape_of_pixels_is_no_resolution(save):
    path = save("a.jpg", Image.new("RGB", (8, 8)), dpi=(300, 300))
    content = bytearray(path.read_bytes())
    content[13] = 0
    path.write_bytes(content)
    assert decode(path).dpi is None


@pytest.mark.parametrize("has_exif", [False, True])
@pytest.mark.parametrize("dpi", [None, (300.0, 150.0)])
@pytest.mark.parametrize("kind", WRITABLE, ids=lambda kind: kind.name)
def test_a_result_has_the_resolution_of_its_source_and_no_other(tmp_path, kind, dpi, has_exif):
    exif = exif_with({BASE.Make: "Canon", BASE.Copyright: "me"}).tobytes().removeprefix(b"Exif\0\0")
    target = tmp_path / f"a.{kind.extensions[0]}"
    tags = Tags(None, dpi, exif if has_exif and kind.has_exif else None)
    writer = ResultWriter(target, kind, (40, 30), (3, np.dtype(np.uint8)), tags)
    writer.write(np.full((30, 40, 3), 99, np.uint8))
    writer.close()
    expected = pytest.approx(dpi, abs=0.5) if dpi else None
    assert read_written(target, kind).dpi == expected
    assert decode(target).dpi == expected
    with Image.open(target) as image:
        image.load()
        found = image.getexif()
        assert (found.get(BASE.Make) == "Canon") == bool(tags.exif)
        # Files of PNG have a chunk for it; elsewhere no reader may find numbers that the source has not.
        if kind is not PNG:
            assert (BASE.XResolution in found and found.get(BASE.ResolutionUnit) != 1) == (dpi is not None)
