from __future__ import annotations

import io

import numpy as np
import pytest
import pyvips
from PIL import Image, ImageCms, ImageOps

from upscaler.engine.imaging.decode import decode, has_no_colour
from upscaler.engine.imaging.orientation import ORIENTATION_TAG
from upscaler.engine.notes import Note
from upscaler.errors import DamagedImage, EmptyFile, UnsupportedImage


def test_it_returns_the_very_pixels_of_a_plain_image(save, colours):
    pixels = colours(12, 9)
    photo = decode(save("a.png", pixels))
    np.testing.assert_array_equal(photo.rgb, pixels)
    assert (photo.alpha, photo.gray, photo.gray_layout, photo.profile) == (None, False, False, None)
    assert photo.size == (12, 9)


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp", "tiff", "avif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_turns_every_orientation_upright(save, colours, kind, orientation):
    upright = Image.fromarray(colours(24, 16))
    # The tag says how to turn the stored image; what is stored is the upright one turned the other way.
    undo = {5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE}
    undo |= {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
    }
    undo |= {8: Image.Transpose.ROTATE_270}
    stored = upright.transpose(undo[orientation]) if orientation in undo else upright
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = orientation
    photo = decode(save(f"a.{kind}", stored, exif=exif))
    assert photo.size == (24, 16)
    assert np.abs(photo.rgb.astype(int) - np.asarray(upright)).mean() < 4
    expected = [] if orientation == 1 else [Note("orientation_applied", {"orientation": orientation})]
    assert [note for note in photo.notes if note.code == "orientation_applied"] == expected


def test_it_keeps_transparency_of_every_layout(save):
    alpha = np.array([[0, 128], [200, 255]], np.uint8)
    gray = np.array([[5, 60], [120, 250]], np.uint8)
    la = decode(save("la.png", Image.merge("LA", (Image.fromarray(gray), Image.fromarray(alpha)))))
    rgba = decode(save("rgba.png", np.dstack([gray, gray // 2, gray // 3, alpha])))
    for photo in (la, rgba):
        np.testing.assert_array_equal(photo.alpha, alpha)
        np.testing.assert_array_equal(photo.rgb[..., 0], gray)
    assert (la.gray_layout, rgba.gray_layout) == (True, False)


def test_it_expands_a_palette_with_its_transparent_entries(save):
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putpixel((1, 0), 1)
    photo = decode(save("p.png", image, transparency=b"\x40\xff"))
    np.testing.assert_array_equal(photo.rgb, [[[255, 0, 0], [0, 0, 255]]])
    np.testing.assert_array_equal(photo.alpha, [[0x40, 0xFF]])


@pytest.mark.parametrize(
    ("mode", "transparent", "expected"),
    [("L", 7, [0, 255]), ("RGB", (7, 7, 7), [0, 255]), ("1", 0, [0, 255])],
)
def test_it_expands_a_single_transparent_colour(save, mode, transparent, expected):
    image = Image.fromarray(np.array([[0 if mode == "1" else 7, 255]], np.uint8)).convert(mode)
    photo = decode(save("t.png", image, transparency=transparent))
    np.testing.assert_array_equal(photo.alpha, [expected])


def test_it_expands_a_single_transparent_16_bit_gray(save):
    photo = decode(save("t16.png", Image.fromarray(np.array([[1000, 65535]], np.uint16)), transparency=1000))
    np.testing.assert_array_equal(photo.alpha, [[0, 255]])


@pytest.mark.parametrize("mode", ["1", "L"])
def test_gray_is_known_as_gray(save, mode):
    photo = decode(save("g.png", Image.linear_gradient("L").convert(mode)))
    assert photo.gray
    assert photo.gray_layout
    assert has_no_colour(photo.rgb)


def test_a_gray_image_stored_as_colour_is_known_as_gray_too(save):
    photo = decode(save("g.png", Image.linear_gradient("L").convert("RGB")))
    assert (photo.gray, photo.gray_layout) == (True, False)


@pytest.mark.parametrize("kind", ["png", "tiff"])
def test_it_reduces_16_bit_gray_to_8_bits(save, kind):
    photo = decode(save(f"d.{kind}", Image.fromarray(np.array([[0, 32768, 65535]], np.uint16))))
    np.testing.assert_array_equal(photo.rgb[0, :, 0], [0, 128, 255])
    assert (photo.rgb.dtype, photo.bit_depth) == (np.uint8, 16)


@pytest.mark.parametrize("kind", ["png", "tif"])
def test_it_reduces_16_bit_colour_to_8_bits(tmp_path, kind):
    values = np.array([[[0, 32768, 65535], [65535, 0, 1000]]], np.uint16)
    image = pyvips.Image.new_from_memory(values.tobytes(), 2, 1, 3, "ushort").copy(interpretation="rgb16")
    image.write_to_file(str(tmp_path / f"d.{kind}"))
    photo = decode(tmp_path / f"d.{kind}")
    np.testing.assert_array_equal(photo.rgb, [[[0, 128, 255], [255, 0, 4]]])
    assert (photo.rgb.dtype, photo.bit_depth) == (np.uint8, 16)


def test_it_keeps_an_rgb_profile_and_does_not_touch_the_values(save, colours, wide_profile):
    pixels = colours(9, 9)
    photo = decode(save("w.png", pixels, icc_profile=wide_profile))
    assert photo.profile == wide_profile
    np.testing.assert_array_equal(photo.rgb, pixels)
    assert photo.notes == []
    assert photo.source["profile"]


def test_it_converts_cmyk_by_its_profile(save, cmyk_profile):
    inks = Image.new("CMYK", (4, 4), (255, 0, 0, 0))
    photo = decode(save("c.tiff", inks, icc_profile=cmyk_profile))
    red, green, blue = photo.rgb[0, 0]
    assert red > 200
    assert max(green, blue) < 60
    assert photo.profile is None
    assert photo.notes == [Note("profile_converted", {"profile": "Test profile"})]


@pytest.mark.parametrize("kind", ["tiff", "jpeg"])
def test_it_converts_cmyk_without_a_profile_and_says_so(save, kind):
    photo = decode(save(f"c.{kind}", Image.new("CMYK", (8, 8), (255, 0, 0, 0))))
    assert photo.rgb[0, 0, 0] < 20
    assert photo.rgb[0, 0, 1] > 230
    assert Note("cmyk_converted") in photo.notes


def test_it_converts_gray_with_a_curve_of_its_own(save, gray_profile):
    photo = decode(save("g.png", Image.new("L", (4, 4), 55), icc_profile=gray_profile))
    # 55 / 255 of the light is 0.216; sRGB writes that as 0.502.
    assert abs(int(photo.rgb[0, 0, 0]) - 128) <= 2
    assert photo.gray
    assert photo.notes == [Note("profile_converted", {"profile": "Test profile"})]


def test_it_converts_lab(save):
    photo = decode(save("lab.tiff", Image.new("LAB", (4, 4), (138, 128 + 80, 128 + 67))))
    assert photo.rgb[0, 0, 0] > 240
    assert photo.rgb[0, 0, 1:].max() < 30


def test_it_removes_a_profile_that_does_not_fit_or_is_damaged(save):
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    unfit = decode(save("g.png", Image.new("RGB", (4, 4), (55, 60, 70)), icc_profile=lab))
    broken = decode(save("b.png", Image.new("RGB", (4, 4)), icc_profile=b"not a profile"))
    assert (unfit.profile, broken.profile) == (None, None)
    assert [note.code for note in unfit.notes] == ["profile_unsuitable"]
    assert broken.notes == [Note("profile_damaged")]


@pytest.mark.parametrize("kind", ["png", "jpeg", "tiff"])
def test_it_keeps_the_resolution(save, kind):
    photo = decode(save(f"a.{kind}", Image.new("RGB", (4, 4)), dpi=(300, 300)))
    assert photo.dpi == pytest.approx((300, 300), abs=0.1)


def test_it_takes_the_first_frame_and_says_so(save):
    others = [Image.new("RGB", (8, 8), "red")]
    photo = decode(save("a.png", Image.new("RGB", (8, 8), "blue"), save_all=True, append_images=others))
    assert photo.rgb[0, 0].tolist() == [0, 0, 255]
    assert photo.notes == [Note("frames_dropped", {"count": 2})]


def test_it_says_that_metadata_is_removed(save):
    exif = Image.Exif()
    exif[0x010E] = "my house"
    photo = decode(save("a.jpg", Image.new("RGB", (8, 8)), exif=exif))
    assert photo.notes == [Note("metadata_removed", {"names": ["EXIF"]})]


def test_it_rejects_what_cannot_be_read(tmp_path, save):
    whole = io.BytesIO()
    ImageOps.expand(Image.effect_noise((64, 64), 50).convert("RGB")).save(whole, "png")
    for content, error in (
        (b"", EmptyFile),
        (b"text", UnsupportedImage),
        (whole.getvalue()[:900], DamagedImage),
    ):
        (tmp_path / "x").write_bytes(content)
        with pytest.raises(error):
            decode(tmp_path / "x")
