from __future__ import annotations

import io
import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms
from skimage import data

from upscaler.engine.imaging.formats import OUTPUT_FORMATS, format_named
from upscaler.engine.imaging.hashing import sha256_of
from upscaler.engine.notes import Note
from upscaler.engine.options import FACTORS, SHARPEN_LEVELS, UpscaleOptions, factor_number
from upscaler.engine.pipeline import Engine, upscale_file
from upscaler.engine.result import Previews
from upscaler.engine.tiling.scratch import Scratch
from upscaler.errors import DamagedImage, EngineCanceled, ResultTooLarge, StorageFull


@pytest.fixture
def run(tmp_path, lanczos):
    """Upscale a file with the fast engine; return the result and the opened image."""
    scratch = tmp_path / "scratch"
    scratch.mkdir(exist_ok=True)

    def upscale(source, options=None, upscaler=lanczos, previews=None, **more):
        target = tmp_path / "target"
        options = options or UpscaleOptions("2x")
        result = upscale_file(
            source, target, previews, options, Engine(upscaler), scratch=Scratch(scratch), **more
        )
        assert list(scratch.iterdir()) == [], "scratch files have no names"
        with Image.open(target) as image:
            image.load()
        return result, image

    return upscale


def reduced(image: Image.Image, scale: int) -> np.ndarray:
    return np.asarray(image.reduce(scale)).astype(int)


@pytest.mark.parametrize("factor", ["2x", "4x"])
def test_real_models_upscale_an_image_truly(run, upscaler, save, colours, factor):
    pixels = colours(48, 40)
    options = UpscaleOptions(factor, "standard")
    result, image = run(save("a.png", pixels), options, upscaler)
    scale = factor_number(factor)
    assert (result.width, result.height) == image.size == (48 * scale, 40 * scale)
    assert np.abs(reduced(image, scale) - pixels).mean() < 3


def test_real_models_keep_gray_gray_and_edges_of_transparency_clean(run, upscaler, save):
    y, x = np.indices((48, 48))
    inside = ((x - 24) ** 2 + (y - 24) ** 2 < 300).astype(np.uint8) * 255
    # A white disc with black under what cannot be seen: the case that gives dark fringes.
    logo = Image.merge(
        "LA", (Image.fromarray(np.where(inside, 250, 0).astype(np.uint8)), Image.fromarray(inside))
    )
    result, image = run(save("logo.png", logo), UpscaleOptions("2x", "standard"), upscaler)
    assert image.mode == "LA"
    gray, alpha = (np.asarray(band) for band in image.split())
    assert gray[alpha > 0].min() > 235, "no dark fringe"
    assert set(np.unique(alpha[:8])) == {0}, "nothing appears far from the edge"
    assert result.receipt["output"]["mode"] == "LA"
    assert Note("transparency_kept").as_dict() in result.receipt["kept"]


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("1", "L"), ("L", "L"), ("LA", "LA"), ("RGB", "RGB"), ("RGBA", "RGBA"), ("P", "RGB")],
)
def test_the_layout_of_the_result_follows_the_input(run, save, colours, mode, expected):
    image = Image.fromarray(colours(20, 12)).convert("LA" if mode == "LA" else mode)
    assert run(save("a.png", image))[1].mode == expected


def test_gray_stored_as_colour_stays_gray_and_keeps_its_layout(run, save):
    _, image = run(save("a.png", Image.linear_gradient("L").resize((16, 16)).convert("RGB")))
    assert image.mode == "RGB"
    pixels = np.asarray(image)
    assert (pixels[..., 0] == pixels[..., 1]).all()
    assert (pixels[..., 0] == pixels[..., 2]).all()


def test_a_wide_profile_goes_through_and_colour_without_one_is_tagged(run, save, colours, wide_profile):
    assert run(save("w.png", colours(8, 8), icc_profile=wide_profile))[1].info["icc_profile"] == wide_profile
    tag = run(save("n.png", colours(8, 8)))[1].info["icc_profile"]
    assert ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(tag))).strip() == "sRGB"
    assert "icc_profile" not in run(save("g.png", Image.new("L", (8, 8))))[1].info


def test_the_receipt_is_complete(run, save, colours, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    source = save("a.jpg", colours(30, 20), exif=exif, dpi=(300, 300))
    previews = Previews(tmp_path / "preview", tmp_path / "original")
    result, _ = run(source, UpscaleOptions("4x", "photo", refine_faces=True), previews=previews)
    receipt = json.loads(json.dumps(result.receipt))
    assert receipt["input"]["orientation"] == 6
    assert (receipt["input"]["width"], receipt["input"]["height"]) == (20, 30)
    assert receipt["options"]["factor"] == "4x"
    assert (receipt["model"], receipt["models"]) == ("lanczos", []), "no model ran"
    assert receipt["backend"]["engine"] == "lanczos"
    assert receipt["output"]["sha256"] == result.sha256 == sha256_of(tmp_path / "target")
    steps = {"decode", "alpha", "faces", "upscale", "tones", "check", "encode", "previews"}
    assert set(receipt["seconds"]) == steps
    assert receipt["kept"] == [{"code": "resolution_kept", "values": {"dpi": 300}}]
    assert receipt["changed"] == [
        {"code": "orientation_applied", "values": {"orientation": 6}},
        {"code": "metadata_removed", "values": {"names": ["EXIF"]}},
        {"code": "faces_none_found", "values": {}},
    ]
    for preview, size in ((previews.result, (80, 120)), (previews.original, (20, 30))):
        with Image.open(preview) as image:
            assert (image.format, image.size) == ("WEBP", size)


def test_jpeg_says_that_transparency_is_lost(run, save):
    result, image = run(
        save("a.png", Image.new("RGBA", (9, 9), (10, 20, 30, 0))), UpscaleOptions("2x", output_format="jpeg")
    )
    assert np.asarray(image).min() >= 250
    assert result.receipt["changed"] == [Note("transparency_flattened", {"format": "JPEG"}).as_dict()]
    assert result.receipt["kept"] == []


def test_equal_input_gives_equal_files(run, save, colours):
    source = save("a.png", colours(9, 9))
    assert run(source)[0].sha256 == run(source)[0].sha256


def test_progress_rises_from_nothing_to_one(run, upscaler, save, colours):
    shares: list[float] = []
    image = np.dstack([colours(40, 40), colours(40, 40)[..., 0]])
    run(save("a.png", image), UpscaleOptions("2x"), upscaler, on_progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert 0 < shares[0] <= 0.05


def test_it_stops_when_asked_and_leaves_nothing(run, save, colours, tmp_path):
    source = save("a.png", colours(20, 20))
    with pytest.raises(EngineCanceled):
        run(source, should_stop=lambda: True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "scratch"]


def test_it_refuses_what_the_format_cannot_hold_before_it_starts(run, save):
    started: list[float] = []
    source = save("a.png", Image.new("RGB", (8200, 1)))
    with pytest.raises(ResultTooLarge):
        run(source, UpscaleOptions("2x", output_format="webp"), on_progress=started.append)
    assert started == []


def test_it_reports_a_damaged_input(run, save, colours):
    source = save("a.png", colours(200, 200))
    source.write_bytes(source.read_bytes()[:300])
    with pytest.raises(DamagedImage):
        run(source)


def test_a_full_disk_has_an_error_of_its_own(run, save, colours, monkeypatch):
    source = save("a.png", colours(20, 20))

    def no_room(*_):
        raise OSError(28, "No space left on device")

    # Filling a real disk needs a file system of its own; what the system call answers then is known.
    monkeypatch.setattr("os.posix_fallocate", no_room)
    with pytest.raises(StorageFull):
        run(source)


def test_3x_and_a_wanted_size_are_reduced_from_more(run, upscaler, save, colours):
    pixels = colours(48, 40)
    _, image = run(save("a.png", pixels), UpscaleOptions("3x"), upscaler)
    assert image.size == (144, 120)
    assert np.abs(reduced(image, 3) - pixels).mean() < 3
    result, image = run(save("a.png", pixels), UpscaleOptions("fit", target_width=100), upscaler)
    assert image.size == (result.width, result.height) == (100, 83)
    assert result.receipt["model"] == "span-x4"


def test_8x_goes_through_a_scratch_file(run, upscaler, save, colours):
    pixels = np.dstack([colours(40, 33), colours(40, 33)[..., 0]])
    shares: list[float] = []
    result, image = run(
        save("a.png", pixels), UpscaleOptions("8x", sharpen="low"), upscaler, on_progress=shares.append
    )
    assert image.size == (320, 264)
    assert image.mode == "RGBA"
    assert np.abs(reduced(image, 8) - pixels)[..., :3].mean() < 4
    assert shares == sorted(shares)
    assert result.receipt["model"] == "span-x4-then-waifu2x-upconv7-photo"


def test_detail_blends_also_where_the_sharp_model_must_be_reduced(run, lanczos, save, colours):
    pixels = colours(40, 32)
    for detail in (0, 40, 100):
        result, image = run(save("a.png", pixels), UpscaleOptions("2x", detail=detail), lanczos)
        assert image.size == (80, 64)
        assert np.abs(reduced(image, 2) - pixels).mean() < 2
        assert result.receipt["model"] == "lanczos"


def test_tones_are_matched_unless_somebody_wishes_otherwise(run, upscaler, save):
    photograph = np.ascontiguousarray(data.astronaut()[40:104, 150:214])
    drifts = []
    for wanted in (True, False):
        result, image = run(
            save("a.png", photograph), UpscaleOptions("4x", "art", detail=100, match_colours=wanted), upscaler
        )
        assert result.receipt["options"]["match_colours"] is wanted
        drifts.append(np.abs((reduced(image, 4) - photograph).mean(axis=(0, 1))).max())
    assert drifts[0] < 0.7 < drifts[1]


def test_sharpening_makes_edges_steeper(run, lanczos, save):
    edge = np.repeat(np.repeat(np.array([[40, 200]], np.uint8), 16, 1), 24, 0)[..., np.newaxis].repeat(3, 2)
    plain, sharp = (
        np.asarray(run(save("a.png", edge), UpscaleOptions("2x", sharpen=level))[1]).astype(int)
        for level in ("none", "high")
    )
    assert np.abs(np.diff(sharp, axis=1)).max() > np.abs(np.diff(plain, axis=1)).max()
    assert plain.min() <= sharp.min()
    assert sharp.max() <= plain.max()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    mode=st.sampled_from(["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"]),
    container=st.sampled_from(["png", "tiff"]),
    factor=st.sampled_from(FACTORS),
    output_format=st.sampled_from(OUTPUT_FORMATS),
    sharpen=st.sampled_from(SHARPEN_LEVELS),
)
def test_any_size_mode_and_format_gives_the_right_size(
    run, save, size, mode, container, factor, output_format, sharpen
):
    width, height = size
    generator = np.random.default_rng(width * 41 + height)
    noise = generator.integers(0, 256, (height, width, 4), np.uint8)
    if mode == "I;16":
        image = Image.fromarray(generator.integers(0, 65536, (height, width), np.uint16))
    else:
        image = Image.fromarray(noise).convert("RGBA" if mode == "RGBA" else "RGB").convert(mode)
    source = save("source", image, format="tiff" if mode == "CMYK" else container)
    options = UpscaleOptions(factor, output_format=output_format, sharpen=sharpen)
    result, written = run(source, options)
    scale = factor_number(factor)
    assert written.size == (result.width, result.height) == (width * scale, height * scale)
    assert written.format == output_format.upper()
    assert result.mime_type == format_named(output_format).mime_type
