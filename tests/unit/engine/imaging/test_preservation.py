"""What a receipt calls kept is in the file, as another reader sees it: every format with every mix of properties."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import ExifTags, Image

from upscaler.engine.imaging.formats import FORMATS, JPEG, PNG, TIFF, WEBP
from upscaler.engine.imaging.image import DecodedImage
from upscaler.engine.imaging.image_format import ImageFormat
from upscaler.engine.imaging.png import PngWriter, Tags
from upscaler.engine.imaging.preservation import notes_on
from upscaler.engine.imaging.written import WrittenFile
from upscaler.engine.notes import Note
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.pipeline import Engine, upscale_file
from upscaler.engine.tiling.scratch import Scratch

BASE, IFD = ExifTags.Base, ExifTags.IFD
WRITABLE = [kind for kind in FORMATS if kind.writable]
WIDTH, HEIGHT = 10, 8
# Levels by which the channels of a gray image may differ after a compression that loses something.
TINT = 2


@dataclass(frozen=True)
class Case:
    """A source: its colours, its transparency and what it carries."""

    colour: str
    alpha: str
    depth: int
    has_profile: bool
    has_dpi: bool
    has_exif: bool

    def channels(self) -> int:
        return (1 if self.colour == "gray" else 3) + (self.alpha != "none")

    def pixels(self) -> np.ndarray:
        ramp = np.linspace(20, 230, WIDTH * HEIGHT).reshape(HEIGHT, WIDTH, 1)
        colours = ramp if self.colour == "gray" else np.repeat(ramp, 3, axis=2)
        if self.colour == "rgb":
            colours = colours * [1, 0.7, 0.4]
        if self.alpha != "none":
            alpha = np.full_like(ramp, 255)
            if self.alpha == "visible":
                alpha[: HEIGHT // 2] = 60
            colours = np.concatenate([colours, alpha], axis=2)
        deep = np.rint(colours * 257 + (self.depth == 16) * (colours < 255) * 100)
        return deep.astype(np.uint16) if self.depth == 16 else np.rint(colours).astype(np.uint8)


CASES = [
    Case(*values)
    for values in itertools.product(
        ("rgb", "gray", "gray as rgb"), ("none", "visible", "opaque"), (8, 16), *[(False, True)] * 3
    )
]


def camera() -> bytes:
    exif = Image.Exif()
    exif[BASE.Make] = "Canon"
    exif[IFD.Exif] = {BASE.LensModel: "RF50mm"}
    exif[IFD.GPSInfo] = {1: "N", 2: (48.0, 51.0, 29.0)}
    return exif.tobytes().removeprefix(b"Exif\0\0")


def write_source(path: Path, case: Case, profile: bytes) -> None:
    pixels = case.pixels()
    tags = Tags(
        profile if case.has_profile else None,
        (300.0, 300.0) if case.has_dpi else None,
        camera() if case.has_exif else None,
    )
    with path.open("wb") as file:
        writer = PngWriter(file, (WIDTH, HEIGHT), (case.channels(), pixels.dtype), tags)
        writer.write(pixels)
        writer.close()


def depth_in(path: Path, image: Image.Image) -> int:
    if image.format == "PNG":
        return path.read_bytes()[24]
    return max(image.tag_v2[258]) if image.format == "TIFF" else 8  # type: ignore[attr-defined]


def is_in_tiff(path: Path, note: dict[str, Any]) -> bool:
    """Look for what a note calls kept in gray levels of 16 bits with transparency, which Pillow does not read."""
    with tifffile.TiffFile(path) as file:
        tags = file.pages[0].tags  # type: ignore[union-attr]
        across, per = tags["XResolution"].value
        is_absolute = tags["ResolutionUnit"].value == tifffile.RESUNIT.CENTIMETER
        kept = {
            "transparency_kept": len(tags["ExtraSamples"].value) == 1,
            "gray_kept": tags["SamplesPerPixel"].value == 2,
            "bit_depth_kept": tags["BitsPerSample"].value == (16, 16),
            "resolution_kept": is_absolute and across / per * 2.54 == pytest.approx(300, abs=0.5),
        }
        return kept[note["code"]]


def is_in(path: Path, note: dict[str, Any], profile: bytes) -> bool:
    """Look for what a note calls kept with Pillow, which wrote none of the files."""
    with Image.open(path) as image:
        image.load()
        exif = image.getexif()
        dpi = image.info.get("dpi") or (exif.get(BASE.XResolution), exif.get(BASE.YResolution))
        colours = np.asarray(image.convert("RGB")).astype(int)
        kept = {
            "transparency_kept": image.has_transparency_data,
            "gray_kept": np.ptp(colours, axis=2).max() <= TINT,
            "profile_kept": image.info.get("icc_profile") == profile,
            "bit_depth_kept": depth_in(path, image) == note["values"].get("bits"),
            "resolution_kept": dpi == pytest.approx((300, 300), abs=0.5),
            "metadata_and_place_kept": (exif.get(BASE.Make), exif.get_ifd(IFD.Exif).get(BASE.LensModel))
            == ("Canon", "RF50mm")
            and bool(exif.get_ifd(IFD.GPSInfo)),
        }
        return bool(kept[note["code"]])


@pytest.mark.parametrize("kind", WRITABLE, ids=lambda kind: kind.name)
def test_what_is_called_kept_is_in_the_file(tmp_path, lanczos, wide_profile, kind: ImageFormat):
    looked_at = 0
    for case in CASES:
        write_source(tmp_path / "source.png", case, wide_profile)
        options = UpscaleOptions("2x", output_format=kind.name, keep_metadata="all", match_colours=False)
        receipt = upscale_file(
            tmp_path / "source.png",
            tmp_path / "out",
            None,
            options,
            Engine(lanczos),
            scratch=Scratch(tmp_path),
        ).receipt
        is_beyond_pillow = kind is TIFF and receipt["output"]["mode"] == "LA" and case.depth == 16
        for note in receipt["kept"]:
            assert (
                is_in_tiff(tmp_path / "out", note)
                if is_beyond_pillow
                else is_in(tmp_path / "out", note, wide_profile)
            ), (case, note)
            looked_at += 1
        codes = {note["code"].split("_")[0] for note in (*receipt["kept"], *receipt["changed"])}
        expected = {
            "transparency": case.alpha == "visible",
            "profile": case.has_profile,
            "bit": case.depth == 16,
            "resolution": case.has_dpi,
            "metadata": case.has_exif,
            "gray": case.colour != "rgb",
        }
        assert {name for name, is_there in expected.items() if is_there} <= codes, case
    print(f"{kind.name}: {len(CASES)} sources, {looked_at} notes of something kept")  # noqa: T201 - for pytest -rP


def decoded(**more: Any) -> DecodedImage:
    rgb = np.zeros((4, 4, 3), np.uint8)
    image = DecodedImage(rgb, None, gray=False, gray_layout=False, profile=None, dpi=None)
    for name, value in more.items():
        setattr(image, name, value)
    return image


def header(**more: Any) -> WrittenFile:
    facts: dict[str, Any] = {
        "width": 4,
        "height": 4,
        "colour_channels": 3,
        "has_alpha": False,
        "bit_depth": 8,
        "profile": None,
        "dpi": None,
        "exif": None,
    }
    return WrittenFile(**{**facts, **more})


VISIBLE, OPAQUE = np.zeros((4, 4), np.uint8), np.full((4, 4), 255, np.uint8)


@pytest.mark.parametrize(
    ("image", "written", "kind", "note"),
    [
        (decoded(alpha=VISIBLE), header(), JPEG, Note("transparency_flattened", {"format": "JPEG"})),
        (decoded(alpha=VISIBLE), header(), PNG, Note("transparency_removed")),
        (decoded(alpha=OPAQUE), header(), JPEG, Note("opaque_alpha_removed")),
        (
            decoded(profile=b"mine", source={"profile": "P3"}),
            header(profile=b"other"),
            PNG,
            Note("profile_removed", {"profile": "P3"}),
        ),
        (decoded(bit_depth=10), header(), WEBP, Note("bit_depth_reduced", {"bits": 10, "written": 8})),
        (decoded(dpi=(300.0, 300.0)), header(), WEBP, Note("resolution_removed", {"dpi": 300})),
        (
            decoded(dpi=(90_000.0, 90_000.0)),
            header(dpi=(65_535.0, 65_535.0)),
            JPEG,
            Note("resolution_removed", {"dpi": 90_000}),
        ),
        (decoded(exif=camera()), header(), JPEG, Note("metadata_removed", {"names": ["EXIF"]})),
        (
            decoded(exif=camera()),
            header(exif=Image.Exif()),
            PNG,
            Note("metadata_removed", {"names": ["EXIF"]}),
        ),
    ],
)
def test_what_is_not_in_the_file_is_never_called_kept(image, written, kind, note):
    assert notes_on(image, written, kind) == [note]
