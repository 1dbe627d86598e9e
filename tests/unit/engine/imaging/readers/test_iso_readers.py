"""AVIF and HEIC files of every layout, with known pixels: right pixels or a clear refusal."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
from PIL import ExifTags, Image

from tests.support import iso_files
from tests.support.iso_files import (
    ALPHA,
    APPLE_GAIN_MAP,
    HEVC_ALPHA,
    HIDDEN,
    Coded,
    Item,
    auxc,
    avif_image,
    clap,
    grid,
    heic_image,
    icc,
    imir,
    irot,
    ispe,
    join,
    nclx,
    overlay,
    pasp,
    pixi,
    scene,
)
from upscaler.engine.imaging.decode import decode
from upscaler.engine.imaging.inspection import inspect_image
from upscaler.engine.notes import Note
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.pipeline import Engine, upscale_file
from upscaler.engine.tiling.scratch import Scratch
from upscaler.errors import DamagedImage, TooManyPixels, UnsupportedLayout

RGB = nclx(1, 13, 0)
MATRICES = (0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 17)
# Levels of 255 by which a conversion may be off: half a step, and what integer arithmetic adds in the narrow range.
MOST_LEVELS = {True: 1.2, False: 1.6}


@dataclass(frozen=True)
class Kind:
    """A format: its name, its brands, how images of it are coded, and its type of an alpha image."""

    name: str
    brands: tuple[bytes, ...]
    coded: Callable[..., Coded]
    alpha: bytes

    def file(self, *items: Item, **more: object) -> bytes:
        return join(items, self.brands, **more)  # type: ignore[arg-type]

    def one(self, pixels: np.ndarray, *properties: bytes, bits: int = 8) -> bytes:
        """Return a file of one image without loss."""
        return self.file(self.coded(pixels, bits).item(pixi(bits, bits, bits), *(properties or (RGB,))))


AVIF = Kind("avif", (b"avif", b"mif1", b"miaf"), avif_image, ALPHA)
HEIC = Kind("heic", (b"heic", b"mif1"), heic_image, HEVC_ALPHA)
both = pytest.mark.parametrize("kind", [AVIF, HEIC], ids=lambda kind: kind.name)


@pytest.fixture
def file(tmp_path):
    def save(content: bytes):
        path = tmp_path / "a"
        path.write_bytes(content)
        return path

    return save


@cache
def coded_planes(kind: Kind, bits: int) -> Coded:
    return kind.coded(iso_files.as_identity(iso_files.planes(bits)), bits)


def refusal_of(kind: Kind, matrix: int, *, full: bool) -> str | None:
    if matrix in (10, 11, 13, 14, 16, 17) or (matrix == 8 and not full):
        return f"colours by the matrix {matrix}"
    return "RGB in the narrow range" if kind is HEIC and matrix == 0 and not full else None


@both
def test_every_depth_matrix_and_range_is_read_right_or_refused(file, limits, kind):
    read = refused = 0
    for bits, matrix, full in itertools.product((8, 10, 12), MATRICES, (True, False)):
        item = coded_planes(kind, bits).item(pixi(bits, bits, bits), nclx(1, 13, matrix, full=full))
        path = file(kind.file(item))
        refusal = refusal_of(kind, matrix, full=full)
        if refusal is not None:
            with pytest.raises(UnsupportedLayout, match=refusal):
                inspect_image(path, limits)
            refused += 1
            continue
        image = decode(path, deep=True)
        expected = iso_files.colours_of(iso_files.planes(bits), matrix, bits, full=full)
        white = np.iinfo(image.rgb.dtype).max
        difference = np.abs(image.rgb / white - expected).max() * 255
        assert difference <= MOST_LEVELS[full] * (256 >> bits - 8) / 256 + 0.01, (
            bits,
            matrix,
            full,
            difference,
        )
        assert (image.bit_depth, image.rgb.dtype) == (bits, np.uint8 if bits == 8 else np.uint16)
        read += 1
    print(f"{kind.name}: {read} combinations read, {refused} refused")  # noqa: T201 - for pytest -rP
    assert read + refused == 96
    assert read >= 3 * 18


@both
@pytest.mark.parametrize("bits", [8, 10, 12])
@pytest.mark.parametrize("layout", [420, 422, 444])
def test_colour_of_any_resolution_is_read_right(file, kind, bits, layout):
    top = (1 << bits) - 1
    blocks = np.kron(scene(bits)[::16, ::16], np.ones((16, 16, 1), int)).astype(scene(bits).dtype)
    image = kind.coded(blocks, bits, layout)
    matrix = 0 if layout == 444 else 6
    shown = decode(file(kind.file(image.item(pixi(bits, bits, bits), nclx(1, 13, matrix)))), deep=True)
    white = np.iinfo(shown.rgb.dtype).max
    inside = (np.abs(np.arange(64) % 16 - 7.5) < 3).nonzero()[0]
    difference = np.abs(shown.rgb / white - blocks / top)[np.ix_(inside, inside)]
    # What the encoders leave of flat colours at half the resolution.
    assert difference.max() * 255 <= (6.5 if kind is AVIF and layout == 420 else 3)


@both
@pytest.mark.parametrize("bits", [8, 10, 12])
def test_gray_is_read_right(file, kind, bits):
    stored = scene(bits)[..., 1]
    options = {} if kind is AVIF else {"full_range_flag": 1, "matrix_coefficients": 6}
    image = decode(
        file(kind.file(kind.coded(stored, bits, **options).item(pixi(bits), nclx(1, 13, 6)))), deep=True
    )
    white = np.iinfo(image.rgb.dtype).max
    assert image.gray_layout
    assert np.abs(image.rgb[..., 0] / white - stored / ((1 << bits) - 1)).max() * 255 < 0.51


def opacity(bits: int = 8) -> np.ndarray:
    y, x = np.mgrid[0:64, 0:64]
    fractions = np.where(x < 20, 1.0, np.where(x < 24, 0.0, 0.25 + y / 90))
    return np.rint(fractions * ((1 << bits) - 1)).astype(np.uint8 if bits == 8 else np.uint16)


@both
@pytest.mark.parametrize("bits", [8, 10, 12])
@pytest.mark.parametrize("premultiplied", [False, True])
def test_transparency_is_read_right(file, kind, bits, premultiplied):
    colour, alpha = scene(bits), opacity(bits)
    top = (1 << bits) - 1
    stored = (
        np.rint(colour * (alpha[..., np.newaxis] / top)).astype(colour.dtype) if premultiplied else colour
    )
    options = {} if kind is AVIF else {"full_range_flag": 1, "matrix_coefficients": 6}
    main = kind.coded(stored, bits).item(
        pixi(bits, bits, bits), RGB, refers=[(b"prem", [2])] if premultiplied else []
    )
    auxiliary = kind.coded(alpha, bits, **options).item(
        pixi(bits), auxc(kind.alpha), refers=[(b"auxl", [1])], flags=HIDDEN
    )
    image = decode(file(kind.file(main, auxiliary)), deep=True)
    white = np.iinfo(image.rgb.dtype).max
    assert np.abs(image.alpha / white - alpha / top).max() * 255 < 0.51
    weight = (alpha / top)[..., np.newaxis]
    difference = np.abs(image.rgb / white - colour / top) * weight
    assert difference.max() * 255 <= 1.1
    assert image.notes == []


def test_transparency_in_the_narrow_range_is_refused(file, limits, save):
    narrow = save("narrow.avif", Image.fromarray(opacity(8)), range="limited", quality=100)
    auxiliary = iso_files.avif_content(narrow.read_bytes()).item(
        pixi(8), auxc(ALPHA), refers=[(b"auxl", [1])], flags=HIDDEN
    )
    with pytest.raises(UnsupportedLayout, match="transparency in the narrow range"):
        inspect_image(file(AVIF.file(AVIF.coded(scene()).item(pixi(8, 8, 8), RGB), auxiliary)), limits)


CODES = [
    *((1, 13), (2, 2), (1, 1), (1, 6)),
    *((5, 13), (6, 6), (12, 13), (9, 14), (11, 13), (1, 4), (22, 13)),
]
TURNS = [
    [*crop, *turn, *mirror]
    for crop in ([], [clap(40, 20, ((4, 1), (-6, 1)))], [clap(41, 21, ((1, 2), (3, 2)))])
    for turn in ([], [irot(1)], [irot(2)], [irot(3)])
    for mirror in ([], [imir(0)], [imir(1)])
]


def transformed(pixels: np.ndarray, transforms: list[bytes]) -> np.ndarray:
    for box in transforms:
        if box[4:8] == b"irot":
            pixels = np.rot90(pixels, box[8])
        elif box[4:8] == b"imir":
            pixels = pixels[:, ::-1] if box[8] else pixels[::-1]
        else:
            width, _, height, _, right, right_of, down, down_of = np.frombuffer(box[8:], ">i4").tolist()
            left = (pixels.shape[1] - width) / 2 + right / right_of
            above = (pixels.shape[0] - height) / 2 + down / down_of
            pixels = pixels[int(above) : int(above) + height, int(left) : int(left) + width]
    return pixels


@both
def test_every_crop_turn_and_reflection_is_applied_once(file, limits, kind):
    coded = kind.coded(scene())
    for transforms in TURNS:
        path = file(kind.file(coded.item(pixi(8, 8, 8), RGB, *transforms)))
        expected = transformed(scene(), transforms)
        info = inspect_image(path, limits)
        assert (info.height, info.width) == expected.shape[:2]
        np.testing.assert_array_equal(decode(path).rgb, expected, err_msg=str(transforms))
    print(f"{kind.name}: {len(TURNS)} combinations of transforms")  # noqa: T201 - for pytest -rP


def test_an_avif_file_with_another_order_of_transforms_is_refused_and_a_heic_file_is_read(file, limits):
    transforms = [imir(0), irot(1), clap(20, 40, ((0, 1), (0, 1)))]
    with pytest.raises(UnsupportedLayout, match="in an unusual order"):
        inspect_image(file(AVIF.one(scene(), RGB, *transforms)), limits)
    image = decode(file(HEIC.one(scene(), RGB, *transforms)))
    np.testing.assert_array_equal(image.rgb, transformed(scene(), transforms))


@both
@pytest.mark.parametrize(
    ("properties", "layout"),
    [
        ([clap(41, 20, ((0, 1), (0, 1)))], "a crop by parts of pixels"),
        ([pasp(2, 1)], "pixels that are not square"),
        ([nclx(9, 16, 0)], "HDR, PQ"),
        ([nclx(9, 18, 0)], "HDR, HLG"),
        ([nclx(10, 13, 0)], "code points 10/13"),
        ([nclx(1, 9, 0)], "code points 1/9"),
        ([nclx(2, 13, 12)], "colours by the matrix 12"),
        ([nclx(5, 13, 12)], "colours by the matrix 12"),
    ],
)
def test_what_is_not_known_to_be_read_right_is_refused(file, limits, kind, properties, layout):
    with pytest.raises(UnsupportedLayout, match=layout):
        inspect_image(file(kind.one(scene(), *properties, RGB)), limits)


OUTSIDE = [
    clap(66, 20, ((0, 1), (0, 1))),
    clap(40, 20, ((30, 1), (0, 1))),
    clap(0, 20, ((0, 1), (0, 1))),
    clap(40, 20, ((0, 0), (0, 1))),
    clap(40, 20, ((0, 1), (0, 1)))[:-3],
]


@both
@pytest.mark.parametrize("crop", OUTSIDE)
def test_a_crop_outside_of_the_image_is_damage(file, limits, kind, crop):
    with pytest.raises(DamagedImage):
        inspect_image(file(kind.one(scene(), RGB, crop)), limits)


@both
def test_square_pixels_may_be_named(file, limits, kind):
    np.testing.assert_array_equal(decode(file(kind.one(scene(), RGB, pasp(3, 3)))).rgb, scene())


def tiles_of(kind: Kind, rows: int, columns: int) -> list[Item]:
    whole = scene(side=64 * max(rows, columns))
    return [
        kind.coded(whole[row * 64 : row * 64 + 64, column * 64 : column * 64 + 64]).item(
            pixi(8, 8, 8), RGB, flags=HIDDEN
        )
        for row, column in itertools.product(range(rows), range(columns))
    ]


@both
@pytest.mark.parametrize(
    ("rows", "columns", "size"), [(1, 2, (100, 64)), (2, 2, (128, 128)), (3, 2, (120, 150))]
)
@pytest.mark.parametrize("turn", [[], [irot(1)], [imir(1)]])
def test_tiles_are_joined(file, kind, rows, columns, size, turn):
    main = Item(
        b"grid",
        grid(rows, columns, size),
        [ispe(*size), pixi(8, 8, 8), RGB, *turn],
        [(b"dimg", list(range(2, 2 + rows * columns)))],
    )
    image = decode(file(kind.file(main, *tiles_of(kind, rows, columns))))
    expected = scene(side=64 * max(rows, columns))[: size[1], : size[0]]
    np.testing.assert_array_equal(image.rgb, transformed(expected, turn))


@both
def test_images_on_a_ground_are_joined(file, kind):
    size, places = (100, 90), [(10, 5), (30, 20)]
    main = Item(
        b"iovl",
        overlay(size, places, (65535, 0, 0, 65535)),
        [ispe(*size), pixi(8, 8, 8), RGB],
        [(b"dimg", [2, 3])],
    )
    tiles = tiles_of(kind, 1, 2)
    image = decode(file(kind.file(main, *tiles)))
    expected = np.zeros((90, 100, 3), np.uint8)
    expected[:] = (255, 0, 0)
    whole = scene(side=128)
    for number, (left, above) in enumerate(places):
        expected[above : above + 64, left : left + 64] = whole[:64, number * 64 : number * 64 + 64]
    np.testing.assert_array_equal(image.rgb, expected)


@both
def test_a_turned_copy_of_another_item_is_read(file, kind):
    main = Item(b"iden", b"", [ispe(64, 64), irot(1)], [(b"dimg", [2])])
    image = decode(file(kind.file(main, *tiles_of(kind, 1, 1))))
    np.testing.assert_array_equal(image.rgb, np.rot90(scene()))


@pytest.mark.parametrize("count", [999, 1000, 4000])
def test_a_heic_file_may_have_many_items(file, limits, count):
    others = [Item(b"mime", b"x", extra=b"application/x\0") for _ in range(count - 1)]
    path = file(HEIC.file(HEIC.coded(scene()).item(pixi(8, 8, 8), RGB), *others))
    inspect_image(path, limits)
    np.testing.assert_array_equal(decode(path).rgb, scene())


@both
@pytest.mark.parametrize(
    "codes", [(1, 13), (2, 2), (1, 1), (1, 6), (5, 13), (6, 6), (12, 13), (9, 14), (11, 13), (1, 4), (22, 13)]
)
def test_colours_by_code_points_are_kept_as_a_profile(file, kind, codes):
    image = decode(file(kind.one(scene(), nclx(*codes, 0))))
    np.testing.assert_array_equal(image.rgb, scene())
    is_srgb = codes[0] in (1, 2) and codes[1] != 4
    assert (image.profile is None) == is_srgb
    assert ("profile" in image.source) != is_srgb


@both
@pytest.mark.parametrize("kind_of_profile", [b"prof", b"rICC"])
@pytest.mark.parametrize("with_codes", [False, True])
def test_a_profile_says_more_than_code_points(file, kind, wide_profile, kind_of_profile, with_codes):
    properties = [icc(wide_profile, kind_of_profile), *([nclx(12, 13, 0)] if with_codes else [])]
    image = decode(file(kind.one(scene(), *properties)))
    assert image.profile == wide_profile
    np.testing.assert_array_equal(image.rgb, scene())


@pytest.mark.parametrize(
    ("codes", "name"), [((12, 13), "Display P3"), ((9, 1), "BT.2020"), ((1, 13), None), ((2, 2), None)]
)
def test_without_a_description_the_stream_says_the_colours(file, limits, codes, name):
    avif = avif_image(scene(), layout=420, primaries=codes[0], transfer=codes[1], matrix=6)
    heic = heic_image(
        scene(),
        color_primaries=codes[0],
        transfer_characteristics=codes[1],
        matrix_coefficients=6,
        full_range_flag=1,
    )
    for kind, coded in ((AVIF, avif), (HEIC, heic)):
        image = decode(file(kind.file(coded.item(pixi(8, 8, 8)))))
        assert image.source.get("profile") == name, kind.name
        assert np.abs(image.rgb.astype(int) - scene()).mean() < 4
    for kind, coded in (
        (AVIF, avif_image(scene(), layout=420, primaries=9, transfer=16, matrix=9)),
        (
            HEIC,
            heic_image(
                scene(),
                color_primaries=9,
                transfer_characteristics=16,
                matrix_coefficients=9,
                full_range_flag=1,
            ),
        ),
    ):
        with pytest.raises(UnsupportedLayout, match="HDR, PQ"):
            inspect_image(file(kind.file(coded.item(pixi(8, 8, 8)))), limits)


@both
def test_a_gain_map_is_noted(file, kind):
    main = kind.coded(scene()).item(pixi(8, 8, 8), RGB)
    small = kind.coded(scene()).item(
        pixi(8, 8, 8), auxc(APPLE_GAIN_MAP), refers=[(b"auxl", [1])], flags=HIDDEN
    )
    assert decode(file(kind.file(main, small))).notes == [Note("gain_map_removed")]
    gain = kind.coded(scene()).item(pixi(8, 8, 8), RGB, flags=HIDDEN)
    mapped = Item(b"tmap", bytes(30), [ispe(64, 64), nclx(9, 16, 0)], [(b"dimg", [1, 2])])
    assert decode(file(kind.file(main, gain, mapped))).notes == [Note("gain_map_removed")]


@both
def test_exif_data_is_read_and_its_orientation_is_not(file, kind):
    exif = Image.Exif()
    exif[ExifTags.Base.Make], exif[ExifTags.Base.Orientation] = "Canon", 6
    exif[ExifTags.Base.XResolution] = exif[ExifTags.Base.YResolution] = 300.0
    data = exif.tobytes()
    for header in (b"\0\0\0\6" + data, b"\0\0\0\0" + data.removeprefix(b"Exif\0\0")):
        items = [
            kind.coded(scene()).item(pixi(8, 8, 8), RGB),
            Item(b"Exif", header, [], [(b"cdsc", [1])], HIDDEN),
            Item(b"mime", b"<x/>", [], [(b"cdsc", [1])], HIDDEN, b"application/rdf+xml\0"),
        ]
        image = decode(file(kind.file(*items)), keep_metadata="all")
        np.testing.assert_array_equal(image.rgb, scene())
        assert image.dpi == pytest.approx((300, 300))
        assert image.exif is not None
        assert b"Canon" in image.exif
        assert image.notes == [Note("metadata_removed", {"names": ["XMP"]})]


@both
@pytest.mark.parametrize("content", [b"", b"\0\0", b"\xff\xff\xff\xffExif", b"\0\0\0\0rubbish"])
def test_odd_metadata_never_damages_an_image(file, kind, content):
    exif = Item(b"Exif", content, [], [(b"cdsc", [1])], HIDDEN)
    path = file(kind.file(kind.coded(scene()).item(pixi(8, 8, 8), RGB), exif))
    np.testing.assert_array_equal(decode(path, keep_metadata="all").rgb, scene())


@both
def test_further_images_are_counted_and_previews_are_not(file, kind):
    main = kind.coded(scene()).item(pixi(8, 8, 8), RGB)
    preview = kind.coded(scene()).item(pixi(8, 8, 8), RGB, refers=[(b"thmb", [1])])
    other = kind.coded(scene()).item(pixi(8, 8, 8), RGB)
    assert decode(file(kind.file(main, preview))).notes == []
    assert decode(file(kind.file(main, preview, other))).notes == [Note("frames_dropped", {"count": 2})]


@both
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_file_that_is_cut_off_is_damaged(file, limits, kind, share):
    content = kind.one(scene())
    with pytest.raises(DamagedImage):
        inspect_image(file(content[: int(len(content) * share)]), limits)


@both
def test_bytes_behind_the_image_are_ignored(file, kind):
    np.testing.assert_array_equal(decode(file(kind.one(scene()) + b"trailing bytes")).rgb, scene())


@both
@pytest.mark.parametrize("size", [(60_000, 60_000), (8001, 10)])
def test_a_large_image_is_judged_by_its_index(file, limits, kind, size):
    coded = kind.coded(scene())
    item = Item(coded.kind, coded.data, [ispe(*size), coded.configuration, RGB])
    with pytest.raises(TooManyPixels):
        inspect_image(file(kind.file(item)), limits)


@both
@pytest.mark.parametrize(
    ("items", "layout"),
    [
        ([Item(b"unci", b"", [ispe(64, 64)])], "images of the type unci"),
        ([Item(b"jpeg", b"", [ispe(64, 64)])], "images of the type jpeg"),
        ([Item(b"tmap", b"", [ispe(64, 64)])], "images of the type tmap"),
    ],
)
def test_images_of_other_types_are_refused(file, limits, kind, items, layout):
    with pytest.raises(UnsupportedLayout, match=layout):
        inspect_image(file(kind.file(*items)), limits)


def test_a_codec_of_another_format_is_refused(file, limits):
    coded = HEIC.coded(scene()).item(pixi(8, 8, 8), RGB)
    with pytest.raises(UnsupportedLayout, match="images of the type hvc1"):
        inspect_image(file(AVIF.file(coded)), limits)


@both
@pytest.mark.parametrize("items", [[], [Item(b"grid", b"", [ispe(64, 64)])]])
def test_a_file_without_an_image_is_damaged(file, limits, kind, items):
    with pytest.raises(DamagedImage):
        inspect_image(file(kind.file(*items)), limits)


@pytest.mark.parametrize("with_alpha", [False, True])
def test_of_an_avif_sequence_the_first_image_is_read(save, limits, with_alpha):
    mode = "RGBA" if with_alpha else "RGB"
    frames = [Image.new(mode, (40, 30), colour) for colour in ((200, 100, 50), (0, 0, 255))]
    path = save("a.avif", frames[0], save_all=True, append_images=frames[1:])
    assert inspect_image(path, limits).frames == 2
    image = decode(path)
    assert np.abs(image.rgb[15, 20].astype(int) - (200, 100, 50)).max() <= 3
    assert Note("frames_dropped", {"count": 2}) in image.notes


def test_a_sequence_that_readers_convert_roughly_is_refused(save, limits):
    frames = [Image.new("RGB", (40, 30), colour) for colour in ((200, 100, 50), (0, 0, 255))]
    path = save("a.avif", frames[0], save_all=True, append_images=frames[1:], range="limited")
    inspect_image(path, limits)
    content = path.read_bytes()
    codes = b"nclx\0\1\0\x0d\0\6\0"
    assert codes in content
    path.write_bytes(content.replace(codes, codes[:9] + b"\1\0"))
    with pytest.raises(UnsupportedLayout, match="a sequence by the matrix 1 in the narrow range"):
        inspect_image(path, limits)


@both
@pytest.mark.parametrize("bits", [8, 10])
def test_it_goes_through_the_whole_pipeline(file, tmp_path, lanczos, kind, bits):
    options = UpscaleOptions("2x", output_format="png")
    path = file(kind.one(scene(bits), nclx(12, 13, 0), irot(1), bits=bits))
    result = upscale_file(path, tmp_path / "b.png", None, options, Engine(lanczos), scratch=Scratch(tmp_path))
    assert {"code": "profile_kept", "values": {"profile": "Display P3"}} in result.receipt["kept"]
    with Image.open(tmp_path / "b.png") as image:
        assert image.info["icc_profile"]
        reduced = np.asarray(image.reduce(2)).astype(int)
    assert np.abs(reduced - np.rot90(scene())).mean() < 3


@pytest.mark.parametrize(
    "options", [{"quality": 90}, {"quality": 90, "subsampling": "4:2:0"}, {"quality": 100}]
)
def test_files_of_libavif_are_read_as_it_reads_them(save, options):
    path = save("a.avif", scene(), **options)
    np.testing.assert_array_equal(decode(path).rgb, np.asarray(Image.open(path)))


def test_the_generator_writes_what_it_says():
    assert Image.open(io.BytesIO(AVIF.one(scene()))).size == (64, 64)
