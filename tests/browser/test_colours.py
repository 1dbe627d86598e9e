"""Colours of results, as a colour-managed browser shows them, beside those of the originals."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageCms
from playwright.sync_api import Browser

from tests.support.png_files import join
from upscaler.engine.imaging.formats import format_named
from upscaler.engine.imaging.icc_profile import Curve, Primaries, build_profile
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.pipeline import Engine, upscale_file
from upscaler.engine.settings import EngineSettings
from upscaler.engine.tiling.scratch import Scratch
from upscaler.engine.tiling.upscaler import Upscaler

MOST_MEAN_LEVELS = 1.0
SIZE = 96
DRAW = """async (url) => {
  const image = new Image();
  image.src = url;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
  const context = canvas.getContext("2d", {colorSpace: "srgb"});
  context.drawImage(image, 0, 0);
  return Array.from(context.getImageData(0, 0, canvas.width, canvas.height).data);
}"""
P3 = (0.3127, 0.329, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06)
"""
"""


def scene(*, gray: bool = False) -> np.ndarray:
    """Return uint8 (H, W, 3) or (H, W): smooth, so that scaling it up and down changes nearly nothing."""
    y, x = np.mgrid[0:SIZE, 0:SIZE] / (SIZE - 1)
    waves = 0.5 + 0.35 * np.sin(5 * x) * np.cos(4 * y)
    pixels = np.rint(np.stack([30 + 200 * x, 40 + 170 * y, 255 * waves], -1)).astype(np.uint8)
    return pixels[..., 2] if gray else pixels


def png(*chunks: tuple[bytes, bytes], gray: bool = False) -> bytes:
    pixels = scene(gray=gray)
    header = struct.pack(">IIBBBBB", SIZE, SIZE, 8, 0 if gray else 2, 0, 0, 0)
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    return join([(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")])


def gamma(exponent: float) -> tuple[bytes, bytes]:
    return b"gAMA", struct.pack(">I", round(exponent * 100_000))


def primaries(numbers: tuple[float, ...]) -> tuple[bytes, bytes]:
    return b"cHRM", struct.pack(">8I", *[round(number * 100_000) for number in numbers])


def cicp(*codes: int) -> tuple[bytes, bytes]:
    return b"cICP", bytes(codes)


def iso(kind: str, first: int, transfer: int) -> bytes:
    """Return an AVIF or HEIC file with code points."""
    buffer = io.BytesIO()
    if kind == "heic":
        pillow_heif.from_pillow(Image.fromarray(scene())).save(
            buffer,
            quality=98,
            chroma=444,
            color_primaries=first,
            transfer_characteristics=transfer,
            matrix_coefficients=6,
            save_nclx_profile=True,
        )
        return buffer.getvalue()
    Image.fromarray(scene()).save(buffer, "AVIF", quality=98, subsampling="4:4:4")
    content = buffer.getvalue()
    start = content.index(b"colrnclx") + 8
    return content[:start] + struct.pack(">HH", first, transfer) + content[start + 4 :]


CASES = {
    "plain": png(),
    "srgb": png((b"sRGB", b"\0"), gamma(1.0)),
    "usual gamma": png(gamma(0.45455)),
    "gamma 1.8": png(gamma(1 / 1.8)),
    "linear": png(gamma(1.0)),
    "gray, gamma 1.8": png(gamma(1 / 1.8), gray=True),
    "gamma and primaries": png(gamma(0.45455), primaries(P3)),
    "primaries alone": png(primaries(P3)),
    "linear with primaries": png(gamma(1.0), primaries(P3)),
    "cicp Display P3": png(cicp(12, 13, 0, 1)),
    "cicp BT.2020": png(cicp(9, 14, 0, 1)),
    "cicp BT.709": png(cicp(1, 1, 0, 1)),
    "cicp linear": png(cicp(1, 8, 0, 1)),
    "cicp SMPTE 240M": png(cicp(7, 7, 0, 1)),
    "cicp BT.601": png(cicp(6, 6, 0, 1)),
    "cicp BT.470 BG, gamma 2.8": png(cicp(5, 5, 0, 1)),
    "cicp DCI-P3": png(cicp(11, 13, 0, 1)),
    "avif sRGB": iso("avif", 1, 13),
    "avif Display P3": iso("avif", 12, 13),
    "avif BT.2020": iso("avif", 9, 1),
    "avif BT.601": iso("avif", 6, 6),
    "avif gamma 2.2": iso("avif", 1, 4),
    "avif linear": iso("avif", 1, 8),
}
# Formats differ in how they carry a profile, not in which: these stand for a kept, a converted and no profile.
IN_EVERY_FORMAT = ("plain", "cicp Display P3", "linear")


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(Upscaler(EngineSettings(engine="lanczos", threads=1)))


@pytest.fixture
def wide_gamut() -> bytes:
    points = [(P3[n], P3[n + 1]) for n in range(0, 8, 2)]
    return build_profile("wide", Primaries(*points), Curve(1.8))


@pytest.fixture(scope="module")
def shown(browser: Browser) -> Iterator[Callable[[bytes, str], np.ndarray]]:
    """Return what the browser shows of a file of a media type: sRGB levels (H, W, 3)."""
    page = browser.new_page()

    def draw(content: bytes, mime_type: str) -> np.ndarray:
        levels = page.evaluate(DRAW, f"data:{mime_type};base64,{base64.b64encode(content).decode()}")
        side = round((len(levels) / 4) ** 0.5)
        return np.array(levels, float).reshape(side, side, 4)[..., :3]

    yield draw
    page.close()


def upscaled(engine: Engine, content: bytes, output_format: str, tmp_path: Path) -> bytes:
    (tmp_path / "in").write_bytes(content)
    options = UpscaleOptions(
        "2x", output_format=output_format, quality=None if output_format == "png" else 98
    )
    upscale_file(tmp_path / "in", tmp_path / "out", None, options, engine, scratch=Scratch(tmp_path))
    return (tmp_path / "out").read_bytes()


def halved(levels: np.ndarray) -> np.ndarray:
    return levels.reshape(SIZE, 2, SIZE, 2, 3).mean(axis=(1, 3))


@pytest.mark.parametrize("name", CASES)
def test_a_result_looks_as_its_original(shown, engine, name, tmp_path):
    content = CASES[name]
    original = shown(content, "image/avif" if b"ftypavif" in content[:16] else "image/png")
    for output_format in ("png", "jpeg", "webp", "avif") if name in IN_EVERY_FORMAT else ("png",):
        result = upscaled(engine, content, output_format, tmp_path)
        view = shown(result, format_named(output_format).mime_type)
        difference = np.abs(halved(view) - original).mean()
        assert difference <= MOST_MEAN_LEVELS, f"{output_format}: {difference:.2f} levels"


def test_a_heic_file_looks_as_its_numbers_say(shown, engine, tmp_path):
    # No browser here shows HEIC: the same numbers in a PNG file stand for it.
    original = shown(CASES["cicp Display P3"], "image/png")
    result = upscaled(engine, iso("heic", 12, 13), "png", tmp_path)
    assert np.abs(halved(shown(result, "image/png")) - original).mean() <= MOST_MEAN_LEVELS


@pytest.mark.parametrize("is_gray", [False, True])
def test_an_embedded_profile_is_shown_as_it_was(shown, engine, tmp_path, is_gray, wide_gamut):
    pixels = Image.fromarray(scene(gray=is_gray))
    buffer = io.BytesIO()
    pixels.save(buffer, "PNG", icc_profile=wide_gamut)
    result = upscaled(engine, buffer.getvalue(), "png", tmp_path)
    if is_gray:
        # Browsers ignore an RGB profile of a gray image, image editors do not: Little CMS is the truth here.
        profile = ImageCms.ImageCmsProfile(io.BytesIO(wide_gamut))
        toned = ImageCms.profileToProfile(pixels.convert("RGB"), profile, ImageCms.createProfile("sRGB"))
        original = np.asarray(toned, float)
    else:
        original = shown(buffer.getvalue(), "image/png")
    assert np.abs(halved(shown(result, "image/png")) - original).mean() <= MOST_MEAN_LEVELS
