"""Fidelity of upscaling: a row per property, a column per tool, from generated and packaged images.

Each cell says what was measured; a cell that ends with "!" missed what the row asks for.
"""

from __future__ import annotations

import argparse
import tempfile
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyvips
from PIL import ExifTags, Image
from skimage import data
from skimage.color import deltaE_ciede2000

from bench.denoise import psnr, with_noise
from bench.tools import Lanczos, Ours, Tool, Wrapper
from upscaler.errors import UpscalerError

SIDE = 96
Base = ExifTags.Base


@dataclass(frozen=True)
class Finding:
    """The result of a tool: in words, and whether it meets the row."""

    words: str
    good: bool


Measure = Callable[[Tool, Path], Finding]
ROWS: list[tuple[str, Measure]] = []


def row(title: str) -> Callable[[Measure], Measure]:
    """Add a function to the table."""

    def add(measure: Measure) -> Measure:
        ROWS.append((title, measure))
        return measure

    return add


def photograph() -> Image.Image:
    """Return a packaged photograph, small."""
    image = Image.fromarray(data.coffee())  # type: ignore[no-untyped-call]  # skimage has no types
    image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    return image


def as_vips(image: Image.Image) -> Any:
    """Return an image as libvips has it."""
    pixels = np.ascontiguousarray(np.asarray(image))
    return pyvips.Image.new_from_memory(pixels.data, image.width, image.height, 3, "uchar").copy(
        interpretation="srgb"
    )


def lab(path: Path, shrink: int = 1) -> np.ndarray:
    """Return CIE Lab as a viewer that heeds profiles sees the file; without a profile it is sRGB."""
    image = pyvips.Image.new_from_file(str(path))
    image = image.flatten() if image.hasalpha() else image
    if image.interpretation == "cmyk" or image.get_typeof("icc-profile-data"):
        image = image.icc_import(embedded=True, pcs="lab", intent="relative", black_point_compensation=True)
    else:
        image = image.icc_transform("srgb", input_profile="srgb").icc_import(
            input_profile="srgb", pcs="lab", intent="relative"
        )
    return np.asarray(image.shrink(shrink, shrink).numpy())


def colour_difference(tool: Tool, source: Path) -> Finding:
    """Return the mean delta E2000 between an image and its reduced upscaled image."""
    target = source.with_name("out.png")
    tool.upscale(source, target)
    value = float(deltaE_ciede2000(lab(source), lab(target, 2)).mean())
    return Finding(f"dE {value:.2f}", value <= 1)


@row("7 wide-gamut photo (P3): mean delta E2000 at most 1")
def wide(tool: Tool, folder: Path) -> Finding:
    """Keep the profile, or convert."""
    image = as_vips(photograph()).copy()
    image.set_type(
        pyvips.GValue.blob_type, "icc-profile-data", bytes(pyvips.Operation.call("profile_load", "p3"))
    )
    image.tiffsave(str(folder / "p3.tif"))
    return colour_difference(tool, folder / "p3.tif")


@row("7 CMYK photo: mean delta E2000 at most 1")
def cmyk(tool: Tool, folder: Path) -> Finding:
    """Convert by the profile."""
    as_vips(photograph()).icc_transform("cmyk", input_profile="srgb", intent="relative").jpegsave(
        str(folder / "cmyk.jpg"), Q=98
    )
    return colour_difference(tool, folder / "cmyk.jpg")


@row("7 EXIF orientation 6: upright")
def orientation(tool: Tool, folder: Path) -> Finding:
    """Turn the pixels and drop the tag, or keep both."""
    exif = Image.Exif()
    exif[Base.Orientation] = 6
    photograph().crop((0, 0, 96, 64)).save(folder / "turned.jpg", exif=exif, quality=95)
    tool.upscale(folder / "turned.jpg", folder / "out.png")
    with Image.open(folder / "out.png") as image:
        seen = image.size[::-1] if image.getexif().get(Base.Orientation, 1) >= 5 else image.size
    return Finding("upright" if seen == (128, 192) else "lies on its side", seen == (128, 192))


@row("7 resolution (300 dpi): kept")
def resolution(tool: Tool, folder: Path) -> Finding:
    """Keep what a print shop reads."""
    photograph().save(folder / "print.jpg", dpi=(300, 300))
    tool.upscale(folder / "print.jpg", folder / "out.png")
    with Image.open(folder / "out.png") as image:
        dpi = image.info.get("dpi", (0, 0))[0]
    return Finding(f"{dpi:.0f} dpi" if dpi else "lost", abs(dpi - 300) < 1)


@row("7 camera and author kept when asked, place left out")
def metadata(tool: Tool, folder: Path) -> Finding:
    """Keep what was chosen only."""
    exif = Image.Exif()
    exif[Base.Make], exif[Base.Copyright] = "Canon", "(c) Layla"
    exif[ExifTags.IFD.GPSInfo] = {1: "N", 2: (48.0, 51.0, 29.0)}
    photograph().save(folder / "camera.jpg", exif=exif)
    tool.upscale(folder / "camera.jpg", folder / "out.png", keep_metadata="without_location")
    with Image.open(folder / "out.png") as image:
        found = image.getexif()
        kept, place = found.get(Base.Make) == "Canon", bool(found.get_ifd(ExifTags.IFD.GPSInfo))
    return Finding(f"{'kept' if kept else 'lost'}{', with the place' if place else ''}", kept and not place)


@row("7 white logo on nothing: no dark fringe, no specks")
def transparency(tool: Tool, folder: Path) -> Finding:
    """Composite on white: a white disc must vanish."""
    y, x = np.indices((64, 64))
    inside = ((x - 32) ** 2 + (y - 32) ** 2 < 500).astype(np.uint8) * 255
    # Black lies under what cannot be seen, as editors leave it.
    pixels = np.dstack([np.where(inside, 255, 0)] * 3 + [inside]).astype(np.uint8)
    Image.fromarray(pixels).save(folder / "logo.png")
    tool.upscale(folder / "logo.png", folder / "out.png")
    with Image.open(folder / "out.png") as image:
        if not image.has_transparency_data:
            return Finding("transparency lost", good=False)
        white = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))
    darkest = 255 - int(np.asarray(white)[..., :3].min())
    return Finding(f"fringe of {darkest} levels", darkest <= 8)


@row("7 grayscale photo: stays gray")
def gray(tool: Tool, folder: Path) -> Finding:
    """No tint, and one channel."""
    photograph().convert("L").save(folder / "gray.png")
    tool.upscale(folder / "gray.png", folder / "out.png")
    with Image.open(folder / "out.png") as image:
        levels = np.asarray(image.convert("RGB")).astype(int)
        mode = image.mode
    tint = int(np.ptp(levels, axis=2).max())
    return Finding(f"{mode}, tint {tint} levels", tint == 0)


@row("7 1-bit drawing: smooth edges, not dots")
def bilevel(tool: Tool, folder: Path) -> Finding:
    """Find levels between black and white."""
    y, x = np.indices((64, 64))
    Image.fromarray(np.hypot(x - 32, y - 32) < 22).save(folder / "bits.png")
    tool.upscale(folder / "bits.png", folder / "out.png")
    with Image.open(folder / "out.png") as image:
        count = len(np.unique(np.asarray(image.convert("L"))))
    return Finding(f"{count} levels", count > 8)


@row("7 palette image: its colours kept (mean, in levels)")
def palette(tool: Tool, folder: Path) -> Finding:
    """Palette numbers are no light."""
    image = photograph().convert("P", palette=Image.Palette.ADAPTIVE, colors=64)
    image.save(folder / "palette.png")
    tool.upscale(folder / "palette.png", folder / "out.png")
    with Image.open(folder / "out.png") as result:
        small = np.asarray(result.convert("RGB").reduce(2)).astype(int)
    off = float(np.abs(small - np.asarray(image.convert("RGB"))).mean())
    return Finding(f"off by {off:.1f}", off < 4)


@row("7 16 bits per channel: more than 8 come out")
def depth(tool: Tool, folder: Path) -> Finding:
    """Count the levels of a slow ramp."""
    steps = (12_000 + 8 * np.arange(SIDE * SIDE).reshape(SIDE, SIDE, 1) // 9 + np.zeros(3)).astype(np.uint16)
    image = pyvips.Image.new_from_memory(np.ascontiguousarray(steps).data, SIDE, SIDE, 3, "ushort")
    image.copy(interpretation="rgb16").pngsave(str(folder / "deep.png"))
    tool.upscale(folder / "deep.png", folder / "out.png")
    result = pyvips.Image.new_from_file(str(folder / "out.png"))
    count = len(np.unique(result.numpy()))
    return Finding(f"{result.format}, {count} levels", result.format == "ushort" and count > 1000)


@row("7 animation of 3 frames: said")
def animation(tool: Tool, folder: Path) -> Finding:
    """All frames, or a word about those that are lost."""
    frames = [Image.new("RGB", (32, 32), (shade, 0, 0)) for shade in (20, 120, 220)]
    frames[0].save(folder / "a.gif", save_all=True, append_images=frames[1:])
    tool.upscale(folder / "a.gif", folder / "out.png")
    said = any("first of 3" in note for note in tool.receipt.get("changed", ()))
    return Finding("first frame, said" if said else "first frame, in silence", said)


@row("8 tones: worst mean of a 32 px block, x4plus, at most 1 level")
def drift(tool: Tool, folder: Path) -> Finding:
    """Models shift tones; the result must not."""
    image = photograph()
    image.save(folder / "photo.png")
    tool.upscale(folder / "photo.png", folder / "out.png", factor="4x", preset="photo")
    with Image.open(folder / "out.png") as result:
        small = np.asarray(result.convert("RGB").reduce(4)).astype(float)
    difference = small - np.asarray(image)
    height, width = (side // 32 * 32 for side in difference.shape[:2])
    blocks = difference[:height, :width].reshape(height // 32, 32, width // 32, 32, 3).mean(axis=(1, 3))
    worst = float(np.abs(blocks).max())
    return Finding(f"{worst:.2f} levels", worst <= 1)


@row("9 every result is compared with its input")
def checked(tool: Tool, _: Path) -> Finding:
    """Find the figures of the check in the receipt."""
    figures = tool.receipt.get("check")
    return Finding(f"{figures['psnr_db']} dB" if figures else "no", bool(figures))


@row("10 noise of sigma 15: gain by noise removal, in dB")
def noise(tool: Tool, folder: Path) -> Finding:
    """Against the clean truth, highest grade against none."""
    truth = np.asarray(Image.fromarray(data.coffee()[60:252, 200:392]))  # type: ignore[no-untyped-call]
    small = np.asarray(Image.fromarray(truth).resize((96, 96), Image.Resampling.BICUBIC))
    Image.fromarray(with_noise(15)(small)).save(folder / "noisy.png")
    reached = []
    for grade in ("none", "high"):
        tool.upscale(folder / "noisy.png", folder / "out.png", denoise=grade)
        with Image.open(folder / "out.png") as image:
            reached.append(psnr(np.asarray(image.convert("RGB")), truth))
    return Finding(f"{reached[0]:.1f} to {reached[1]:.1f}", reached[1] - reached[0] > 1)


@row("10 sharpening: overshoot beside an edge, in levels")
def overshoot(tool: Tool, folder: Path) -> Finding:
    """Find values beyond both sides of an edge: a halo."""
    pixels = np.full((48, 48, 3), 60, np.uint8)
    pixels[:, 24:] = 190
    Image.fromarray(pixels).save(folder / "edge.png")
    tool.upscale(folder / "edge.png", folder / "out.png", sharpen="high")
    with Image.open(folder / "out.png") as image:
        inner = np.asarray(image.convert("RGB")).astype(int)[16:-16, 16:-16]
    beyond = max(60 - int(inner.min()), int(inner.max()) - 190)
    return Finding(f"{beyond}", beyond <= 4)


def cell(tool: Tool, measure: Measure) -> str:
    """Return one cell: a tool that fails on an image misses the row."""
    with tempfile.TemporaryDirectory() as name:
        try:
            finding = measure(tool, Path(name))
        except (UpscalerError, OSError, ValueError, RuntimeError) as error:
            return textwrap.shorten(f"fails: {error}", 30, placeholder="...") + " !"
    return finding.words if finding.good else f"{finding.words} !"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.fidelity", description=__doc__)
    parser.add_argument("--no-wrapper", action="store_true", help="leave the slow wrapper out")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        tools: list[Tool] = [Ours(Path(name))]
        if not chosen.no_wrapper:
            try:
                tools.append(Wrapper())
            except OSError as error:
                print(f"the wrapper cannot be loaded here: {error}\n")
        tools.append(Lanczos())
        print(f"{'property':64}", *(f"{tool.name:34}" for tool in tools))
        for title, measure in ROWS:
            print(f"{title:64}", *(f"{cell(tool, measure):34}" for tool in tools), flush=True)


if __name__ == "__main__":
    main()
