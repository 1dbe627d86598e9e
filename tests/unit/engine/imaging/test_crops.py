"""Small pieces of images: the right pixels, the same colours, nothing else of the file."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from upscaler.engine.imaging.crops import Crop, cut
from upscaler.engine.imaging.decode import decode
from upscaler.engine.imaging.inspection import Cutting, inspect_image
from upscaler.engine.imaging.orientation import ORIENTATION_TAG
from upscaler.errors import CropOutside


@pytest.mark.parametrize(
    ("crop", "edges"),
    [
        (Crop(), (372, 122, 628, 378)),
        (Crop(width=10, height=20, left=0, top=0), (0, 0, 10, 20)),
        (Crop(width=10, height=20, left=990, top=480), (990, 480, 1000, 500)),
        (Crop(width=11, height=20, left=990), None),
        (Crop(top=490), None),
    ],
)
def test_a_piece_lies_in_the_middle_or_where_it_is_wanted_and_never_outside(crop, edges):
    if edges is None:
        with pytest.raises(CropOutside, match="1000 x 500"):
            crop.within(1000, 500)
    else:
        assert crop.within(1000, 500) == edges


def test_a_small_image_is_its_own_piece():
    assert Crop().within(7, 300) == (0, 22, 7, 278)


def test_it_is_cut_from_the_upright_image_and_takes_no_metadata_along(save, colours, limits, tmp_path):
    upright = colours(300, 200)
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = 6
    exif[0x010E] = "private words"
    # Turned by a quarter to the left, which the tag undoes.
    path = save("turned.png", np.rot90(upright).copy(), exif=exif)
    target = tmp_path / "piece.png"
    inspect_image(path, limits, cutting=Cutting(Crop(40, 30, left=250, top=5), target))
    assert b"private" not in target.read_bytes()
    with Image.open(target) as piece:
        np.testing.assert_array_equal(np.asarray(piece), upright[5:35, 250:290])


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_every_layout_decodes_to_the_same_pixels_as_in_the_whole_image(mode, colours, save, tmp_path):
    image = Image.fromarray(colours(60, 50))
    if mode == "I;16":
        image = Image.fromarray(np.linspace(0, 65535, 3000).reshape(50, 60).astype(np.uint16))
    elif mode in ("LA", "RGBA"):
        image.putalpha(Image.linear_gradient("L").resize((60, 50)))
        image = image.convert(mode)
    else:
        image = image.convert(mode)
    whole = decode(save("whole.png" if mode in ("LA", "P") else "whole.tiff", image), deep=True)
    target = tmp_path / "piece.png"
    cut(whole, Crop(20, 10, left=30, top=25), target)
    piece = decode(target, deep=True)
    box = (slice(25, 35), slice(30, 50))
    np.testing.assert_array_equal(piece.rgb, whole.rgb[box])
    assert (piece.alpha is None) == (whole.alpha is None)
    if piece.alpha is not None:
        np.testing.assert_array_equal(piece.alpha, whole.alpha[box])


def test_the_profile_stays(colours, save, wide_profile, tmp_path):
    whole = decode(save("whole.png", Image.fromarray(colours(30, 20)), icc_profile=wide_profile))
    cut(whole, Crop(), tmp_path / "piece.png")
    assert decode(tmp_path / "piece.png").profile == wide_profile
