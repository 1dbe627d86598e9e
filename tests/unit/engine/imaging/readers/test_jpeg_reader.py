"""JPEG files of every kind, with known pixels: right pixels, a clear refusal, or damage that is seen."""

from __future__ import annotations

import io
import random
import struct

import imagecodecs
import numpy as np
import pytest
from PIL import ExifTags, Image

from tests.support.jpeg_files import (
    COLOURS,
    END,
    JFIF,
    PROCESSES,
    SAMPLINGS,
    SIDE,
    Case,
    adobe,
    cases,
    compared,
    with_lines_behind,
    write,
)
from upscaler.engine.imaging.decode import decode
from upscaler.engine.imaging.formats import JPEG
from upscaler.engine.imaging.inspection import inspect_image
from upscaler.engine.imaging.opening import open_image
from upscaler.engine.notes import Note
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.pipeline import Engine, upscale_file
from upscaler.engine.tiling.scratch import Scratch
from upscaler.errors import DamagedImage, TooManyPixels, UnsupportedLayout

# Rounding of coefficients and of colours.
MOST_LEVELS = 3
ISO_GAIN_MAP = b"urn:iso:std:iso:ts:21496:-1\0"


@pytest.fixture
def file(tmp_path):
    def save(content: bytes):
        path = tmp_path / "a.jpg"
        path.write_bytes(content)
        return path

    return save


def segment(marker: int, body: bytes) -> bytes:
    return b"\xff" + bytes([marker]) + struct.pack(">H", 2 + len(body)) + body


def frame(
    process: int, depth: int = 8, numbers: bytes = b"\1\2\3", size=(SIDE, SIDE), factors=(0x11,) * 4
) -> bytes:
    """Return a file with nothing but a header and the beginning of a scan."""
    body = struct.pack(">BHHB", depth, size[1], size[0], len(numbers))
    body += b"".join(bytes([number, factor, 0]) for number, factor in zip(numbers, factors, strict=False))
    scan = bytes([len(numbers)]) + b"".join(bytes([number, 0]) for number in numbers) + b"\0\x3f\0"
    return b"\xff\xd8" + segment(process, body) + segment(0xDA, scan) + b"\0" * 20 + END


def exif_of(**tags: object) -> bytes:
    exif = Image.Exif()
    for name, value in tags.items():
        exif[getattr(ExifTags.Base, name)] = value
    return segment(0xE1, exif.tobytes())


def assert_shown(path, written) -> None:
    with open_image(path, JPEG) as opened:
        samples = opened.samples()
    assert samples.space == written.space
    difference = compared(samples.colour).astype(int) - compared(written.pixels)
    assert np.abs(difference).max() <= MOST_LEVELS


def test_every_kind_is_read_right(file):
    everything = list(cases())
    for case in everything:
        written = write(case)
        try:
            assert_shown(file(written.content), written)
        except Exception as error:
            raise AssertionError(case) from error
    print(f"{len(everything)} files, all read")  # noqa: T201 - for pytest -rP
    assert len(everything) > 550
    assert {case.process for case in everything} == set(PROCESSES)
    assert {case.colours for case in everything} == set(COLOURS)
    assert {case.sampling for case in everything} == set(SAMPLINGS)


@pytest.mark.parametrize("colours", ["gray", "JFIF", "Adobe RGB"])
def test_it_goes_through_the_whole_pipeline(file, tmp_path, lanczos, colours):
    written = write(Case("progressive", colours, "4:2:0" if colours == "JFIF" else "4:4:4"))
    options = UpscaleOptions("2x", output_format="png")
    upscale_file(
        file(written.content), tmp_path / "b.png", None, options, Engine(lanczos), scratch=Scratch(tmp_path)
    )
    with Image.open(tmp_path / "b.png") as result:
        assert result.size == (2 * SIDE, 2 * SIDE)
        reduced = np.asarray(result.reduce(2)).reshape(written.pixels.shape)
    assert np.abs(compared(reduced).astype(int) - compared(written.pixels)).mean() < 2


@pytest.mark.parametrize("fill", [1, 5])
@pytest.mark.parametrize("process", PROCESSES)
def test_fill_bytes_are_passed_over(file, process, fill):
    written = write(Case(process), fill=fill)
    assert_shown(file(written.content), written)


@pytest.mark.parametrize("rubbish", [b"\0\0\0", b"not a marker", b"\xff\0rubbish"])
def test_rubbish_between_segments_is_passed_over(file, rubbish):
    written = write(Case(), before=rubbish)
    assert_shown(file(written.content), written)


@pytest.mark.parametrize(
    "end", [END + b"trailing", END + bytes(5000), b"\0\0\0\0" + END, b"\xff\xff\xff" + END]
)
def test_bytes_behind_the_image_are_ignored(file, limits, end):
    written = write(Case(), end=end)
    inspect_image(file(written.content), limits)
    assert_shown(file(written.content), written)


@pytest.mark.parametrize("process", PROCESSES)
@pytest.mark.parametrize("interleaved", [True, False])
@pytest.mark.parametrize("end", [b"", b"\xff"])
def test_the_end_may_be_missing_where_all_pixels_are_there(file, process, interleaved, end):
    written = write(Case(process, interleaved=interleaved), end=end)
    assert_shown(file(written.content), written)


@pytest.mark.parametrize("process", PROCESSES)
@pytest.mark.parametrize("interleaved", [True, False])
@pytest.mark.parametrize("restart", [0, 3])
def test_a_file_that_is_cut_off_is_damaged(file, limits, process, interleaved, restart):
    content = write(Case(process, interleaved=interleaved, restart=restart), end=b"").content
    begin = content.index(b"\xff\xda")
    for length in [*range(begin, len(content) - 4, 61), len(content) - 4, begin // 2, 3]:
        with pytest.raises(DamagedImage):
            inspect_image(file(content[:length]), limits)


@pytest.mark.parametrize("restart", [0, 3])
def test_data_that_is_missing_before_the_end_is_damage(file, limits, restart):
    content = write(Case(restart=restart), end=b"").content
    begin = content.index(b"\xff\xda")
    for share in (0.1, 0.5, 0.7, 0.9, 0.95):
        length = int(begin + (len(content) - begin) * share)
        with pytest.raises(DamagedImage):
            inspect_image(file(content[:length] + END), limits)


@pytest.mark.parametrize("share", [0.2, 0.6, 0.9, 0.97, 0.99])
def test_a_download_that_was_filled_up_with_zeros_is_damage(file, limits, share):
    content = write(Case(), end=b"").content
    begin = content.index(b"\xff\xda")
    length = int(begin + (len(content) - begin) * share)
    with pytest.raises(DamagedImage):
        inspect_image(file(content[:length] + bytes(len(content) - length + 3000)), limits)


def test_zeros_behind_whole_data_are_ignored(file, limits):
    written = write(Case(), end=bytes(300))
    inspect_image(file(written.content), limits)
    assert_shown(file(written.content), written)


@pytest.mark.parametrize("restart", [0, 3])
def test_data_that_is_left_over_is_damage(file, limits, restart):
    written = write(Case(restart=restart), end=b"")
    with pytest.raises(DamagedImage):
        inspect_image(file(written.content + bytes(range(1, 100)) + END), limits)


@pytest.mark.parametrize("filling", [bytes(300), b"\xff" * 300, b"\xff\xd2"])
def test_what_writers_fill_up_the_data_with_is_ignored(file, limits, filling):
    written = write(Case(), end=b"")
    path = file(written.content + filling + END)
    inspect_image(path, limits)
    assert_shown(path, written)


@pytest.mark.parametrize("side", [1, 8, 40])
@pytest.mark.parametrize("level", range(0, 256, 5))
def test_an_image_of_one_colour_is_whole(limits, save, side, level):
    inspect_image(save("b.jpg", np.full((side, side), level, np.uint8)), limits)


def test_medium_gray_at_the_end_is_no_damage(file, limits, save):
    inspect_image(save("b.jpg", np.full((40, 40, 3), 128, np.uint8)), limits)


def test_codes_may_be_the_usual_ones(file):
    # Frames of cameras that send JPEG as video leave them out.
    written = write(Case())
    first, last = written.content.index(b"\xff\xc4"), written.content.index(b"\xff\xc0")
    assert_shown(file(written.content[:first] + written.content[last:]), written)


def test_a_channel_without_a_scan_is_damage(file, limits):
    content = write(Case(interleaved=False)).content
    last = content.rindex(b"\xff\xda")
    with pytest.raises(DamagedImage):
        inspect_image(file(content[:last] + END), limits)


def test_a_progressive_image_may_leave_details_out(file, limits):
    content = write(Case("progressive")).content
    last = content.rindex(b"\xff\xda")
    inspect_image(file(content[:last] + END), limits)
    with pytest.raises(DamagedImage):
        inspect_image(file(content[:last]), limits)


def test_parameters_of_a_scan_that_mean_nothing_are_put_right(file):
    written = write(Case())
    at = written.content.index(b"\xff\xda") + 4 + 1 + 6
    content = written.content[:at] + b"\0\0\0" + written.content[at + 3 :]
    assert_shown(file(content), written)


@pytest.mark.parametrize(
    ("content", "layout"),
    [
        (frame(0xC1, depth=12), "12 bits per channel"),
        (frame(0xC3), "JPEG process SOF3"),
        (frame(0xC9), "JPEG process SOF9"),
        (frame(0xCA), "JPEG process SOF10"),
        (frame(0xC5), "JPEG process SOF5"),
        (frame(0xF7), "JPEG-LS"),
        (frame(0xC0, numbers=b"\1\2"), "2 channels"),
        (frame(0xC0, factors=(0x31, 0x21, 0x11, 0x11)), "channels of fractional size"),
        (b"\xff\xd8" + segment(0xDE, bytes(6)) + frame(0xC0)[2:], "hierarchical JPEG"),
        (with_lines_behind(Case()), "number of rows behind the first scan"),
        (write(Case(colours="CMYK without a header"), header=JFIF).content, "4 channels without a meaning"),
        (frame(0xC0, numbers=b"RGBA"), "4 channels without a meaning"),
        (write(Case(colours="no header"), header=adobe(7)).content, "Adobe transform 7"),
        (write(Case(colours="CMYK without a header"), header=adobe(1)).content, "Adobe transform 1"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_not_known_to_be_read_right_is_refused(file, limits, content, layout):
    with pytest.raises(UnsupportedLayout, match=layout):
        inspect_image(file(content), limits)


@pytest.mark.parametrize(
    "content",
    [
        imagecodecs.jpegls_encode(np.zeros((20, 30), np.uint8)),
        imagecodecs.ljpeg_encode(np.zeros((20, 30), np.uint16)),
        imagecodecs.jpeg8_encode(np.zeros((20, 30, 3), np.uint16), bitspersample=12),
        imagecodecs.jpeg8_encode(np.zeros((20, 30), np.uint8), lossless=True),
    ],
)
def test_files_of_other_kinds_by_other_programs_are_refused(file, limits, content):
    with pytest.raises(UnsupportedLayout):
        inspect_image(file(bytes(content)), limits)


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xe0\0\1" + write(Case()).content[2:],
        b"\xff\xd8" + END,
        frame(0xC0, size=(0, 9)),
        frame(0xC0, factors=(0, 0x11, 0x11, 0x11)),
        write(Case()).content.replace(b"\xff\xda", b"\xff\xe9"),
        write(Case(), before=frame(0xC0)[2:21]).content,
    ],
)
def test_nonsense_is_damaged(file, limits, content):
    with pytest.raises(DamagedImage):
        inspect_image(file(content), limits)


def test_a_large_image_is_judged_by_its_header(file, limits):
    with pytest.raises(TooManyPixels):
        inspect_image(file(frame(0xC0, size=(60_000, 60_000))), limits)


@pytest.mark.parametrize(
    "before",
    [
        segment(0xE0, b"JFIF\0"),
        segment(0xE0, b"JFXX\0\x10" + bytes(40)),
        segment(0xEE, b"Adobe"),
        segment(0xE1, b"Exif\0\0II*\0"),
        segment(0xE1, b"Exif\0\0MM\0*\0\0\xff\xff"),
        segment(0xE2, b"MPF\0II*\0\xff\xff\xff\xff"),
        segment(0xE2, b"ICC_PROFILE\0\1\2" + b"half"),
        segment(0xED, b"Photoshop 3.0\x008BIM"),
        segment(0xFE, b""),
        segment(0xEB, b"JP" + bytes(30)),
        b"\xff\xd8",
        b"\xff\x01\xff\xd3",
    ],
)
def test_odd_metadata_never_damages_an_image(file, limits, before):
    written = write(Case(), before=before)
    inspect_image(file(written.content), limits)
    assert_shown(file(written.content), written)


def test_damaged_exif_never_damages_an_image(file):
    exif = Image.Exif()
    exif[ExifTags.Base.Make], exif[ExifTags.Base.XResolution] = "Canon", 300.0
    exif[ExifTags.IFD.Exif] = {int(ExifTags.Base.FNumber): 2.8, int(ExifTags.IFD.Interop): {1: "R03"}}
    exif[ExifTags.IFD.GPSInfo] = {1: "N", 2: (1.0, 2.0, 3.0)}
    content, chance = exif.tobytes(), random.Random(9)  # noqa: S311 - the same damage each time
    for keep in ("none", "all") * 150:
        damaged = bytearray(content)
        for _ in range(chance.randint(1, 6)):
            damaged[chance.randrange(6, len(damaged))] = chance.randrange(256)
        decode(
            file(write(Case(colours="gray"), before=segment(0xE1, bytes(damaged))).content),
            keep_metadata=keep,
        )


@pytest.mark.parametrize(
    ("segments", "dpi"),
    [
        (JFIF, (150, 75)),
        (b"\xff\xe0\0\x10JFIF\0\1\2\2\0\x64\0\x32\0\0", (254, 127)),
        (b"\xff\xe0\0\x10JFIF\0\1\2\0\0\1\0\1\0\0", None),
        (exif_of(XResolution=300.0, YResolution=200.0, ResolutionUnit=2), (300, 200)),
        (JFIF + exif_of(XResolution=300.0, YResolution=200.0, ResolutionUnit=2), (150, 75)),
        (b"", None),
    ],
)
def test_the_resolution_is_that_of_jfif_else_of_exif(file, segments, dpi):
    image = decode(file(write(Case(), header=segments).content))
    assert image.dpi == (None if dpi is None else pytest.approx(dpi))


@pytest.mark.parametrize("order", ["jfif first", "exif first"])
def test_jfif_and_exif_go_together(file, order):
    parts = [JFIF, exif_of(Orientation=6, Make="Canon")]
    written = write(Case(), header=b"".join(parts if order == "jfif first" else parts[::-1]))
    image = decode(file(written.content), keep_metadata="all")
    assert Note("orientation_applied", {"orientation": 6}) in image.notes
    assert image.exif is not None
    assert b"Canon" in image.exif


def test_kinds_of_metadata_are_named(file):
    before = (
        segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x/>")
        + segment(0xED, b"Photoshop 3.0\x008BIM\4\4\0\0\0\0\0\0")
        + segment(0xFE, b"words")
        + exif_of(Make="Canon")
    )
    image = decode(file(write(Case(), before=before).content))
    assert image.notes == [Note("metadata_removed", {"names": ["EXIF", "IPTC", "XMP", "COMMENT"]})]


def test_a_profile_in_pieces_of_any_order_is_kept(file, wide_profile):
    cuts = [wide_profile[:200], wide_profile[200:300], wide_profile[300:]]
    pieces = [segment(0xE2, b"ICC_PROFILE\0" + bytes([n, 3]) + cut) for n, cut in enumerate(cuts, 1)]
    for order in (pieces, pieces[::-1]):
        assert decode(file(write(Case(), before=b"".join(order)).content)).profile == wide_profile
    image = decode(file(write(Case(), before=b"".join(pieces[:2])).content))
    assert image.notes == [Note("profile_damaged")]


def test_a_camera_that_names_adobe_rgb_is_believed(file, wide_profile):
    exif = Image.Exif()
    exif[ExifTags.IFD.Exif] = {int(ExifTags.Base.ColorSpace): 0xFFFF, int(ExifTags.IFD.Interop): {1: "R03"}}
    said = segment(0xE1, exif.tobytes())
    image = decode(file(write(Case(), before=said).content))
    assert image.source["profile"] == "Adobe RGB (1998)"
    assert image.profile is not None
    profile = segment(0xE2, b"ICC_PROFILE\0\1\1" + wide_profile)
    assert decode(file(write(Case(), before=said + profile).content)).profile == wide_profile


@pytest.mark.parametrize(
    ("before", "end"),
    [
        (
            segment(
                0xE1, b'http://ns.adobe.com/xap/1.0/\0xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/"'
            ),
            END,
        ),
        (segment(0xE2, ISO_GAIN_MAP + b"\0\0\0\0"), END + write(Case()).content),
        (b"", END + b"urn:com:apple:photo:2020:aux:HDRGainMap" + write(Case()).content),
    ],
)
def test_a_gain_map_is_noted(file, before, end):
    image = decode(file(write(Case(), before=before, end=end).content))
    assert Note("gain_map_removed") in image.notes
    assert "frames_dropped" not in [note.code for note in image.notes]


def test_further_images_are_counted(file):
    buffer = io.BytesIO()
    pixels = Image.new("RGB", (40, 30), "red")
    pixels.save(buffer, "MPO", save_all=True, append_images=[pixels, pixels])
    assert decode(file(buffer.getvalue())).notes[0] == Note("frames_dropped", {"count": 3})


@pytest.mark.parametrize("options", [{"progressive": True}, {"optimize": True}, {"restart_marker_blocks": 5}])
@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
def test_files_of_libjpeg_are_read_as_it_reads_them(file, save, colours, options, subsampling):
    path = save("b.jpg", colours(101, 67), quality=90, subsampling=subsampling, **options)
    np.testing.assert_array_equal(decode(path).rgb, np.asarray(Image.open(path)))
