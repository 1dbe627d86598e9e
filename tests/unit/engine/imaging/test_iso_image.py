"""Facts about the image that an AVIF or HEIC file shows."""

from __future__ import annotations

import io

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from tests.support.iso_files import (
    ALPHA,
    APPLE_GAIN_MAP,
    HIDDEN,
    Item,
    auxc,
    avif_image,
    grid,
    heic_image,
    icc,
    irot,
    ispe,
    join,
    nclx,
    pasp,
    pixi,
    scene,
)
from upscaler.engine.imaging.cicp import CodePoints
from upscaler.engine.imaging.iso_image import TRACK, IsoImage, read_image
from upscaler.errors import DamagedImage

BRANDS = [b"avif", b"mif1"]


def facts_of(*items: Item, primary: int = 1) -> IsoImage:
    return read_image(io.BytesIO(join(items, BRANDS, primary=primary)))


def coded(*properties: bytes, bits: int = 8, **more: object) -> Item:
    return avif_image(scene(bits), bits).item(pixi(bits, bits, bits), *properties, **more)


@pytest.mark.parametrize("bits", [8, 10, 12])
def test_facts_of_an_image(bits):
    found = facts_of(coded(nclx(12, 13, 1, full=False), irot(1), bits=bits))
    assert (found.kind, found.coding, found.size, found.depth) == (b"av01", b"av01", (64, 64), bits)
    assert found.codes == CodePoints(12, 13, 1, is_full=False)
    assert [kind for kind, _ in found.transforms] == [b"irot"]
    assert (found.has_alpha, found.is_gray, found.is_square, found.frames, found.items) == (
        False,
        False,
        True,
        1,
        1,
    )


@pytest.mark.parametrize("bits", [8, 10, 12])
def test_facts_of_an_hevc_image(bits):
    found = facts_of(heic_image(scene(bits), bits).item(nclx(1, 13, 0)))
    assert (found.coding, found.depth, found.is_gray) == (b"hvc1", bits, False)
    gray = heic_image(scene(bits)[..., 0], bits, full_range_flag=1, matrix_coefficients=6)
    assert facts_of(gray.item()).is_gray


def test_gray_is_known():
    assert facts_of(avif_image(scene()[..., 0]).item(pixi(8))).is_gray


def test_what_describes_a_tile_describes_the_image():
    main = Item(b"grid", grid(1, 2, (100, 64)), [ispe(100, 64)], [(b"dimg", [2, 3])])
    tile = coded(nclx(12, 13, 0), flags=HIDDEN)
    alpha = coded(auxc(ALPHA), refers=[(b"auxl", [3])], flags=HIDDEN)
    found = facts_of(main, tile, tile, alpha)
    assert (found.kind, found.coding, found.size) == (b"grid", b"av01", (100, 64))
    assert (found.codes, found.has_alpha) == (CodePoints(12, 13, 0, is_full=True), True)
    assert found.frames == 1


def test_of_several_images_the_primary_one_counts():
    found = facts_of(coded(nclx(1, 13, 0)), coded(nclx(12, 13, 0)), primary=2)
    assert found.codes == CodePoints(12, 13, 0, is_full=True)
    assert found.frames == 2


@pytest.mark.parametrize("profile", [b"prof", b"rICC"])
def test_a_profile_is_found_beside_code_points(profile):
    found = facts_of(coded(icc(b"profile", profile), nclx(12, 13, 0)))
    assert (found.icc, found.codes) == (b"profile", CodePoints(12, 13, 0, is_full=True))


def test_without_code_points_those_of_the_stream_count():
    image = avif_image(scene(), layout=420, primaries=9, transfer=14, matrix=9)
    assert facts_of(image.item()).codes == CodePoints(9, 14, 9, is_full=True)
    assert facts_of(image.item(icc(b"profile"))).codes == CodePoints(9, 14, 9, is_full=True)
    image = heic_image(
        scene(), color_primaries=12, transfer_characteristics=13, matrix_coefficients=1, full_range_flag=0
    )
    assert facts_of(image.item()).codes == CodePoints(12, 13, 1, is_full=False)


def test_transparency_is_that_of_the_image():
    alpha = coded(auxc(ALPHA), refers=[(b"auxl", [1])], flags=HIDDEN)
    other = coded(auxc(ALPHA), refers=[(b"auxl", [3])], flags=HIDDEN)
    assert facts_of(coded(), alpha).has_alpha
    assert not facts_of(coded(), other, coded()).has_alpha
    assert facts_of(coded(refers=[(b"prem", [2])]), alpha).is_premultiplied


@pytest.mark.parametrize("shape", [(1, 1), (7, 7), (2, 1)])
def test_the_shape_of_pixels_is_known(shape):
    assert facts_of(coded(pasp(*shape))).is_square == (shape[0] == shape[1])


def test_a_gain_map_is_known():
    small = coded(auxc(APPLE_GAIN_MAP), refers=[(b"auxl", [1])], flags=HIDDEN)
    depth = coded(auxc(b"urn:mpeg:mpegB:cicp:systems:auxiliary:depth\0"), refers=[(b"auxl", [1])])
    assert facts_of(coded(), small).has_gain_map
    assert facts_of(coded(), Item(b"tmap")).has_gain_map
    assert not facts_of(coded(), depth).has_gain_map


def test_a_sequence_is_a_track():
    buffer = io.BytesIO()
    frames = [Image.new("RGBA", (40, 30), colour) for colour in ("red", "blue")]
    frames[0].save(buffer, "AVIF", save_all=True, append_images=frames[1:])
    found = read_image(buffer)
    assert (found.kind, found.coding, found.size, found.frames) == (TRACK, b"av01", (40, 30), 2)
    assert found.has_alpha


def test_real_files_are_understood():
    heic = io.BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", (64, 64))).save(
        heic, color_primaries=12, transfer_characteristics=13, matrix_coefficients=6, save_nclx_profile=True
    )
    found = read_image(heic)
    assert found.codes is not None
    assert (found.codes.primaries, found.codes.transfer, found.size) == (12, 13, (64, 64))
    avif = io.BytesIO()
    Image.fromarray(np.zeros((30, 40, 4), np.uint8)).save(avif, "AVIF")
    found = read_image(avif)
    assert found.codes is not None
    assert (found.codes.primaries, found.codes.transfer, found.size) == (1, 13, (40, 30))
    assert found.has_alpha


@pytest.mark.parametrize(
    "items",
    [[], [Item(b"av01")], [Item(b"grid", b"", [ispe(4, 4)])], [Item(b"av01", b"", [ispe(4, 4)])]],
)
def test_a_file_without_an_image_is_damaged(items):
    with pytest.raises(DamagedImage):
        read_image(io.BytesIO(join(items, BRANDS)))


def test_an_item_made_of_itself_is_damaged():
    with pytest.raises(DamagedImage):
        facts_of(Item(b"iden", b"", [ispe(4, 4)], [(b"dimg", [1])]))
