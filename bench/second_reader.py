"""What this project reads of image files, beside an independent reader: a row for each file.

Chromium is the second reader of the formats that it shows, libvips of the others. Both images are compared in sRGB,
upright, with colours weighted by their opacity. A difference has to be explained or mended; files that only one of the
two reads are listed too.
"""

from __future__ import annotations

import argparse
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyvips
from PIL import Image, ImageCms
from playwright.sync_api import Page

from bench.browser_pixels import empty_page, first_image
from upscaler.engine.imaging import formats
from upscaler.engine.imaging.decode import decode
from upscaler.engine.imaging.image import DecodedImage
from upscaler.engine.imaging.inspection import InspectionLimits
from upscaler.engine.imaging.opening import read_head
from upscaler.engine.process.inspector import Inspector
from upscaler.errors import EmptyFile, UpscalerError

_LIMITS = InspectionLimits(formats.INPUT_MIME_TYPES, 30_000, 50_000_000)
# Lossy formats leave some freedom to their decoders, conversions between profiles a level or two.
_MEAN, _MOST, _SHARE = 1.0, 8, 0.005
_LEVEL_OF_32_BITS = 0xFFFFFFFF // 255
_BY_LIBVIPS = ("tiff", "heic")


@dataclass(frozen=True)
class Row:
    """One file.

    Attributes:
        name: of the file.
        kind: its format.
        state: "read", or the code of the refusal with what it names.
        second: the second reader's name, with "refuses" where it does.
        mean: difference in levels of 255 over all pixels, None where one of the two has no image.
        worst: of all pixels.
        agrees: whether the difference is no more than decoders may differ.

    """

    name: str
    kind: str
    state: str
    second: str
    mean: float | None = None
    worst: int | None = None
    agrees: bool = True

    def __str__(self) -> str:
        """Return a row of the table."""
        numbers = "" if self.mean is None else f"{self.mean:8.3f} {self.worst:4d}"
        verdict = "" if self.mean is None else "agree" if self.agrees else "DIFFER"
        return f"{self.kind:5} {verdict:6} {numbers:13} {self.second:17} {self.name:50} {self.state}"


def rows_of(folder: Path, page: Page) -> Iterator[Row]:
    """Yield a row for each file below a folder that is of an accepted format."""
    inspector = Inspector(folder)
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        try:
            kind = formats.format_of_content(read_head(path))
        except EmptyFile:
            continue
        if kind is not None:
            yield _row(path, path.relative_to(folder), kind, page, inspector)
    inspector.close()


def _row(path: Path, name: Path, kind: formats.ImageFormat, page: Page, inspector: Inspector) -> Row:
    image, state = _ours(path, inspector)
    shown, second = _theirs(path, kind, page)
    if image is None or shown is None:
        return Row(str(name), kind.name, state, second)
    ours = as_shown(image)
    if ours.shape != shown.shape:
        sizes = f"{ours.shape[1]} x {ours.shape[0]}, theirs {shown.shape[1]} x {shown.shape[0]}"
        return Row(str(name), kind.name, f"{state}, {sizes}", second, 255.0, 255, agrees=False)
    difference = np.abs(_weighted(ours) - _weighted(shown))
    far = float((difference > _MOST).mean())
    mean, worst = float(difference.mean()), round(float(difference.max()))
    return Row(str(name), kind.name, state, second, mean, worst, agrees=mean <= _MEAN and far <= _SHARE)


def _ours(path: Path, inspector: Inspector) -> tuple[DecodedImage | None, str]:
    """Return what is read, and "read" or the refusal. What the inspection accepts must be read as well."""
    try:
        inspector.inspect(path, _LIMITS)
    except UpscalerError as error:
        return None, _state_of(error)
    try:
        return decode(path), "read"
    except UpscalerError as error:
        return None, f"ACCEPTED, THEN {_state_of(error)}"


def _state_of(error: UpscalerError) -> str:
    values = {name: value for name, value in error.values.items() if name not in ("kind", "formats")}
    return f"{error.code} {' '.join(map(str, values.values()))}".strip()


def _theirs(path: Path, kind: formats.ImageFormat, page: Page) -> tuple[np.ndarray | None, str]:
    name = "libvips" if kind.name in _BY_LIBVIPS else "Chromium"
    shown = _by_libvips(path) if name == "libvips" else first_image(page, path.read_bytes(), kind.mime_type)
    return shown, name if shown is not None else f"{name} refuses"


def _by_libvips(path: Path) -> np.ndarray | None:
    try:
        image = pyvips.Image.new_from_file(str(path), fail_on="error").autorot()
        if "icc-profile-data" in image.get_fields():
            image = image.icc_transform(
                "srgb", embedded=True, intent="relative", black_point_compensation=True
            )
        if image.format == "uint":
            image = (image / _LEVEL_OF_32_BITS).cast("uchar")
        image = image.colourspace("srgb").cast("uchar")
        if image.bands < 3:
            image = image[0].bandjoin([image[0], *image.bandsplit()])
        if image.bands == 3:
            image = image.bandjoin(255)
        return image[:4].numpy() if image.bands > 4 else image.numpy()
    except pyvips.Error:
        return None


def as_shown(image: DecodedImage) -> np.ndarray:
    """Return a decoded image in sRGB: uint8 (H, W, 4)."""
    rgb = Image.fromarray(image.rgb)
    if image.profile is not None:
        source = ImageCms.ImageCmsProfile(io.BytesIO(image.profile))
        intent = ImageCms.Intent.RELATIVE_COLORIMETRIC
        rgb = ImageCms.profileToProfile(rgb, source, ImageCms.createProfile("sRGB"), intent, outputMode="RGB")
    alpha = image.alpha if image.alpha is not None else np.full(image.rgb.shape[:2], 255, np.uint8)
    return np.dstack([np.asarray(rgb), alpha])


def _weighted(pixels: np.ndarray) -> np.ndarray:
    """Return levels (H, W, 4) with colours multiplied by their opacity."""
    levels = pixels.astype(np.float32)
    levels[..., :3] *= levels[..., 3:] / 255
    return levels


def summary(rows: Iterable[Row]) -> str:
    """Return the figures of a run by format, a line each."""
    counts: dict[str, Counter[str]] = {}
    for row in rows:
        found = counts.setdefault(row.kind, Counter())
        found["files"] += 1
        found["read" if row.state.startswith("read") else row.state.split()[0]] += 1
        if row.mean is not None:
            found["agree" if row.agrees else "DIFFER"] += 1
    return "\n".join(
        f"{kind:5} " + ", ".join(f"{count} {what}" for what, count in found.items())
        for kind, found in sorted(counts.items())
    )


def main() -> None:
    """Print the table of a folder."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    rows = []
    with empty_page() as page:
        for row in rows_of(folder, page):
            print(row, flush=True)
            rows.append(row)
    print(summary(rows))


if __name__ == "__main__":
    main()
