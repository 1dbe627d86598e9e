from __future__ import annotations

import pytest
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IFDRational

from upscaler.engine.notes import Note
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.pipeline import Engine, upscale_file
from upscaler.engine.tiling.scratch import Scratch

BASE = ExifTags.Base


@pytest.fixture
def photo(save, colours):
    """A file as a camera writes it, with a place, a serial number and an author whose name is not Latin."""
    exif = Image.Exif()
    exif[BASE.Orientation] = 6
    exif[BASE.Make], exif[BASE.Model] = "Canon", "EOS R5"
    exif[BASE.Artist] = "ليلى".encode()
    exif[BASE.Copyright] = "(c) Layla"
    exif[ExifTags.IFD.Exif] = {
        BASE.ExposureTime: IFDRational(1, 250),
        BASE.LensModel: "RF50mm",
        BASE.DateTimeOriginal: "2024:01:02 03:04:05",
        BASE.BodySerialNumber: "0815",
        BASE.MakerNote: b"secret",
    }
    exif[ExifTags.IFD.GPSInfo] = {1: "N", 2: (48.0, 51.0, 29.0), 3: "E", 4: (2.0, 17.0, 40.0)}
    return save("photo.jpg", colours(24, 16), exif=exif, dpi=(300, 300))


@pytest.fixture
def upscale(tmp_path, lanczos):
    def run(source, **options):
        result = upscale_file(
            source,
            tmp_path / "out",
            None,
            UpscaleOptions("2x", **options),
            Engine(lanczos),
            scratch=Scratch(tmp_path),
        )
        with Image.open(tmp_path / "out") as image:
            image.load()
            return result.receipt, image.getexif()

    return run


def test_nothing_is_kept_unless_asked_for(photo, upscale):
    receipt, exif = upscale(photo)
    assert dict(exif.get_ifd(ExifTags.IFD.GPSInfo)) == {}
    assert BASE.Make not in exif
    assert Note("metadata_removed", {"names": ["EXIF"]}).as_dict() in receipt["changed"]


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp", "avif"])
def test_what_was_asked_for_is_kept_in_every_kind_that_can(photo, upscale, kind):
    receipt, exif = upscale(photo, output_format=kind, keep_metadata="without_location")
    exposure = exif.get_ifd(ExifTags.IFD.Exif)
    assert (exif[BASE.Make], exif[BASE.Model], exif[BASE.Copyright]) == ("Canon", "EOS R5", "(c) Layla")
    assert exif[BASE.Artist].encode("latin-1").decode() == "ليلى"
    assert exposure[BASE.ExposureTime] == pytest.approx(1 / 250)
    assert exposure[BASE.LensModel] == "RF50mm"
    assert exposure[BASE.DateTimeOriginal] == "2024:01:02 03:04:05"
    assert exif.get(BASE.Orientation, 1) == 1, "the pixels are upright already"
    assert BASE.BodySerialNumber not in exposure
    assert BASE.MakerNote not in exposure
    assert not exif.get_ifd(ExifTags.IFD.GPSInfo)
    assert Note("metadata_kept").as_dict() in receipt["kept"]
    assert Note("metadata_place_removed").as_dict() in receipt["changed"]


@pytest.mark.parametrize("kind", ["png", "jpeg"])
def test_the_place_is_kept_only_when_it_is_asked_for_by_name(photo, upscale, kind):
    receipt, exif = upscale(photo, output_format=kind, keep_metadata="all")
    assert exif.get_ifd(ExifTags.IFD.GPSInfo)[2] == (48.0, 51.0, 29.0)
    assert Note("metadata_and_place_kept").as_dict() in receipt["kept"]
    assert [note["code"] for note in receipt["changed"]] == ["orientation_applied"]


def test_a_tiff_says_that_it_carries_none(photo, upscale):
    receipt, _ = upscale(photo, output_format="tiff", keep_metadata="without_location")
    assert Note("metadata_unsupported", {"format": "TIFF"}).as_dict() in receipt["changed"]
    assert [note["code"] for note in receipt["kept"]] == ["resolution_kept"]


@pytest.mark.parametrize(
    "content",
    [b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\x01" * 300],
)
def test_damaged_metadata_never_stops_an_upscale(save, colours, upscale, content):
    receipt, _ = upscale(save("a.jpg", colours(8, 8), exif=content), keep_metadata="all")
    assert receipt["output"]["width"] == 16
