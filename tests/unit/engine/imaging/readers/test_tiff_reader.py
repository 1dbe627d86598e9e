"""TIFF files: compressions of their own kind, orientation, resolution, pages, damage."""

from __future__ import annotations

import io
import itertools

import numpy as np
import pytest
import pyvips
import tifffile
from PIL import Image, ImageCms

from tests.support.tiff_files import HEIGHT, WIDTH, Case, scene, write
from upscaler.engine.imaging.decode import decode
from upscaler.engine.notes import Note
from upscaler.errors import DamagedImage, UnsupportedLayout


@pytest.mark.parametrize(
    "case",
    [
        Case("black", 8, "i"),
        Case("black", 16, "i"),
        Case("rgb", 32, "i"),
        Case("black", 24),
        Case("rgb", 24),
        Case("palette", 8, extras=(2,)),
    ],
    ids=str,
)
def test_a_layout_without_an_agreed_meaning_is_refused(tmp_path, case):
    (tmp_path / "a.tif").write_bytes(write(case).content)
    with pytest.raises(UnsupportedLayout):
        decode(tmp_path / "a.tif")


@pytest.mark.parametrize(("photometric", "levels"), [("black", [0, 128, 255]), ("white", [255, 127, 0])])
def test_fractions_from_0_to_1_are_shown_as_they_are(tmp_path, photometric, levels):
    values = np.array([[0.0, 0.5, 1.0]], np.float32)
    tifffile.imwrite(tmp_path / "a.tif", values, photometric=f"minis{photometric}")
    assert decode(tmp_path / "a.tif").rgb[0, :, 0].tolist() == levels


def test_other_gray_fractions_are_spread_and_it_is_noted(tmp_path):
    tifffile.imwrite(
        tmp_path / "a.tif", np.array([[-10.0, 42.0, np.nan, 90.0]], np.float32), photometric="minisblack"
    )
    image = decode(tmp_path / "a.tif")
    assert image.rgb[0, :, 0].tolist() == [0, 133, 26, 255]
    assert image.notes == [Note("brightness_spread", {"low": "-10", "high": "90"})]


def test_colours_beyond_white_are_refused(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.full((4, 4, 3), 3.5, np.float32), photometric="rgb")
    with pytest.raises(UnsupportedLayout, match=r"values from 3\.5 to 3\.5"):
        decode(tmp_path / "a.tif")


@pytest.mark.parametrize(
    ("subsampling", "tiled"), list(itertools.product([(1, 1), (2, 1), (2, 2)], [False, True]))
)
@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_jpeg_within_tiff(tmp_path, subsampling, tiled, byteorder):
    truth = np.kron(np.rint(scene() * 255).astype(np.uint8), np.ones((4, 4, 1), np.uint8))
    tifffile.imwrite(
        tmp_path / "a.tif",
        np.asarray(Image.fromarray(truth).convert("YCbCr")),
        photometric="ycbcr",
        compression="jpeg",
        compressionargs={"level": 98},
        subsampling=subsampling,
        tile=(16, 16) if tiled else None,
        byteorder=byteorder,
    )
    assert np.abs(decode(tmp_path / "a.tif").rgb.astype(int) - truth).mean() < (
        1.5 if subsampling == (1, 1) else 4
    )


def test_rgb_jpeg_within_tiff(tmp_path):
    truth = np.kron(np.rint(scene() * 255).astype(np.uint8), np.ones((4, 4, 1), np.uint8))
    image = pyvips.Image.new_from_array(truth).copy(interpretation="srgb")
    image.tiffsave(str(tmp_path / "a.tif"), compression="jpeg", Q=98)
    assert np.abs(decode(tmp_path / "a.tif").rgb.astype(int) - truth).mean() < 1.5


@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite"])
def test_gray_jpeg_within_tiff(tmp_path, photometric):
    truth = np.kron(np.rint(scene()[..., 0] * 255).astype(np.uint8), np.ones((4, 4), np.uint8))
    stored = 255 - truth if photometric == "miniswhite" else truth
    tifffile.imwrite(
        tmp_path / "a.tif", stored, photometric=photometric, compression="jpeg", compressionargs={"level": 98}
    )
    assert np.abs(decode(tmp_path / "a.tif").rgb[..., 0].astype(int) - truth).mean() < 1.5


@pytest.mark.parametrize("alpha", [False, True])
def test_webp_within_tiff(tmp_path, alpha):
    truth = np.rint(scene() * 255).astype(np.uint8)
    pixels = np.dstack([truth, np.full((HEIGHT, WIDTH), 200, np.uint8)]) if alpha else truth
    extra = {"extrasamples": ["unassalpha"]} if alpha else {}
    options = {"compression": "webp", "compressionargs": {"level": 100, "lossless": True}}
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb", **options, **extra)
    image = decode(tmp_path / "a.tif")
    np.testing.assert_array_equal(image.rgb, truth)
    assert (image.alpha is None) == (not alpha)


@pytest.mark.parametrize("compression", ["group3", "group4", "tiff_ccitt"])
def test_fax(tmp_path, compression):
    truth = scene()[..., 0] > 0.5
    Image.fromarray(truth).save(tmp_path / "a.tif", compression=compression)
    assert np.array_equal(decode(tmp_path / "a.tif").rgb[..., 0] > 0, truth)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("compression", ["deflate", "jpeg"])
def test_every_orientation_is_applied_once(tmp_path, orientation, compression):
    upright = np.kron(np.rint(scene() * 255).astype(np.uint8), np.ones((4, 4, 1), np.uint8))
    undone = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.swapaxes(0, 1),
        6: upright.swapaxes(0, 1)[::-1],
        7: upright.swapaxes(0, 1)[::-1, ::-1],
        8: upright.swapaxes(0, 1)[:, ::-1],
    }[orientation]
    tifffile.imwrite(
        tmp_path / "a.tif",
        np.ascontiguousarray(
            undone if compression == "deflate" else Image.fromarray(undone).convert("YCbCr")
        ),
        photometric="rgb" if compression == "deflate" else "ycbcr",
        compression=compression,
        extratags=[(274, 3, 1, orientation, True)],
    )
    image = decode(tmp_path / "a.tif")
    assert image.rgb.shape == upright.shape
    assert np.abs(image.rgb.astype(int) - upright).mean() < 4


@pytest.mark.parametrize(
    ("resolution", "unit", "expected"),
    [
        ((300, 150), "INCH", (300, 150)),
        ((100, 100), "CENTIMETER", (254, 254)),
        ((300, 150), "NONE", None),
        (None, None, None),
    ],
)
def test_the_resolution_is_that_of_the_tags_and_never_made_up(tmp_path, resolution, unit, expected):
    pixels = np.zeros((4, 4), np.uint8)
    if resolution is None:
        (tmp_path / "a.tif").write_bytes(write(Case("black", 8)).content)
    else:
        tifffile.imwrite(tmp_path / "a.tif", pixels, resolution=resolution, resolutionunit=unit)
    assert decode(tmp_path / "a.tif").dpi == (pytest.approx(expected) if expected else None)


def test_a_smaller_copy_before_the_image_is_passed_over(tmp_path):
    pixels = np.rint(scene() * 255).astype(np.uint8)
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(pixels[::4, ::4].copy(), photometric="rgb", subfiletype=1)
        file.write(pixels, photometric="rgb")
    image = decode(tmp_path / "a.tif")
    np.testing.assert_array_equal(image.rgb, pixels)
    assert image.notes == []


def test_further_pages_are_counted(tmp_path):
    pixels = np.rint(scene() * 255).astype(np.uint8)
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        for _ in range(3):
            file.write(pixels, photometric="rgb")
    assert decode(tmp_path / "a.tif").notes == [Note("frames_dropped", {"count": 3})]


@pytest.mark.parametrize("compression", ["none", "deflate", "lzw"])
@pytest.mark.parametrize("tiled", [False, True])
def test_a_file_that_is_cut_off_is_damaged(tmp_path, compression, tiled):
    content = write(Case("rgb", 8, compression=compression, tiled=tiled)).content
    for length in (len(content) - 1, len(content) * 2 // 3, 60):
        (tmp_path / "a.tif").write_bytes(content[:length])
        with pytest.raises(DamagedImage):
            decode(tmp_path / "a.tif")


@pytest.mark.parametrize("code", [258, 259, 262, 277, 339])
def test_a_tag_that_cannot_be_read_is_damage_and_has_no_default(tmp_path, code, caplog):
    content = bytearray(write(Case("rgb", 8)).content)
    entry = next(at for at in range(10, 200, 12) if int.from_bytes(content[at : at + 2], "little") == code)
    content[entry + 2 : entry + 4] = b"\xc7\x00"
    (tmp_path / "a.tif").write_bytes(content)
    with pytest.raises(DamagedImage):
        decode(tmp_path / "a.tif")
    assert not caplog.records


def test_a_hundred_pages_are_counted_without_reading_them(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        for _ in range(100):
            file.write(np.zeros((4, 4), np.uint8), photometric="minisblack")
    assert decode(tmp_path / "a.tif").notes == [Note("frames_dropped", {"count": 100})]


def test_a_raw_file_of_a_camera_is_refused(tmp_path):
    small, large = np.zeros((8, 8, 3), np.uint8), np.zeros((64, 64), np.uint16)
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(small, photometric="rgb", subifds=1)
        file.write(
            large,
            photometric=32803,
            extratags=[(33421, 3, 2, (2, 2), True), (33422, 1, 4, (0, 1, 1, 2), True)],
        )
    with pytest.raises(UnsupportedLayout, match="camera raw"):
        decode(tmp_path / "a.tif")


def test_lab_shows_the_colours_of_its_numbers(tmp_path):
    # L 50, a 60, b 40 is a strong red: sRGB (198, 60, 55) by the formulas of CIE 15 with a white of D50.
    lab = Image.merge("LAB", [Image.new("L", (8, 8), value) for value in (128, 128 + 60, 128 + 40)])
    profile, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    expected = np.asarray(ImageCms.profileToProfile(lab, profile, srgb, outputMode="RGB"))[0, 0]
    stored = np.zeros((8, 8, 3), np.uint8)
    stored[:] = (128, 60, 40)
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="cielab")
    assert np.abs(decode(tmp_path / "a.tif").rgb[0, 0].astype(int) - expected).max() <= 2


def test_colour_and_exif_come_from_the_page_that_is_read(tmp_path, wide_profile):
    pixels = np.rint(scene() * 255).astype(np.uint8)
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(pixels[::2, ::2].copy(), photometric="rgb", subfiletype=1)
        file.write(
            pixels, photometric="rgb", iccprofile=wide_profile, description="of the page", metadata=None
        )
    image = decode(tmp_path / "a.tif", keep_metadata="all")
    assert image.profile == wide_profile
    assert image.exif is not None
    assert b"of the page" in image.exif
    assert image.size == (WIDTH, HEIGHT)


def test_old_tables_of_colours_hold_bytes(tmp_path):
    table = np.zeros((3, 256), np.uint16)
    table[:, 1], table[:, 2] = (200, 100, 50), (255, 0, 10)
    tifffile.imwrite(tmp_path / "a.tif", np.array([[1, 2]], np.uint8), photometric="palette", colormap=table)
    assert decode(tmp_path / "a.tif").rgb.tolist() == [[[200, 100, 50], [255, 0, 10]]]


def test_what_it_reads_is_what_other_readers_show(tmp_path):
    buffer = io.BytesIO()
    Image.fromarray(np.rint(scene() * 255).astype(np.uint8)).save(buffer, "TIFF", compression="tiff_lzw")
    (tmp_path / "a.tif").write_bytes(buffer.getvalue())
    np.testing.assert_array_equal(decode(tmp_path / "a.tif").rgb, np.asarray(Image.open(buffer)))
