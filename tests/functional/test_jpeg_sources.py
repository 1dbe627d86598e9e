"""Images that were JPEG over HTTP: found in the file or in the pixels, told in the receipt, the same in previews."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import requests
from PIL import Image
from skimage import data

from tests.support.photographs import psnr
from tests.support.service import LiveService

SIDE = 192


@pytest.fixture
def truth() -> Image.Image:
    """Return a photograph that was never JPEG."""
    image = Image.fromarray(data.astronaut())
    return image.resize((2 * SIDE, 2 * SIDE), Image.Resampling.BICUBIC)


@pytest.fixture
def small(truth: Image.Image) -> Image.Image:
    """Return half of it."""
    return truth.resize((SIDE, SIDE), Image.Resampling.BICUBIC)


def saved_as_jpeg(image: Image.Image, path: Path, quality: int) -> Path:
    """Save as JPEG; under the name of another format, read again and save as that."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    if path.suffix == ".jpg":
        path.write_bytes(buffer.getvalue())
    else:
        Image.open(buffer).save(path)
    return path


@pytest.mark.parametrize(
    ("name", "quality", "source"),
    [
        ("a.jpg", 60, {"kind": "jpeg", "jpeg_quality": 60, "seen_in": "file"}),
        ("a.png", 60, {"kind": "jpeg", "jpeg_quality": 60, "seen_in": "pixels"}),
        ("a.jpg", 97, {"kind": "clean", "jpeg_quality": 97, "seen_in": "file"}),
    ],
)
def test_the_receipt_tells_what_the_models_were_chosen_for(
    live_service: LiveService,
    small: Image.Image,
    tmp_path: Path,
    name: str,
    quality: int,
    source: dict[str, object],
) -> None:
    job = live_service.upscale(saved_as_jpeg(small, tmp_path / name, quality), factor="2x")

    receipt = job["receipt"]
    found = receipt["source"].pop("jpeg_quality")
    assert found == pytest.approx(source.pop("jpeg_quality"), abs=2)
    assert receipt["source"] == source
    removed = {note["code"]: note["values"] for note in receipt["changed"]}.get("jpeg_marks_removed")
    assert removed == ({"quality": found} if source["kind"] == "jpeg" else None)
    cleaned = "waifu2x-upconv7-photo-n1" if source["kind"] == "jpeg" else "waifu2x-upconv7-photo"
    assert job["model"] == cleaned


def test_what_was_jpeg_comes_nearer_to_the_original_without_its_marks(
    live_service: LiveService, truth: Image.Image, small: Image.Image, tmp_path: Path
) -> None:
    file = saved_as_jpeg(small, tmp_path / "a.png", 40)
    model = {"model": "waifu2x-upconv7-photo"}

    aware, unaware = (
        Image.open(io.BytesIO(requests.get(job["result_file"], timeout=60).content))
        for job in (live_service.upscale(file, factor="2x"), live_service.upscale(file, factor="2x", **model))
    )

    assert psnr(aware.convert("RGB"), truth) > psnr(unaware.convert("RGB"), truth) + 0.2


def test_a_preview_runs_what_the_job_will_run(
    live_service: LiveService, small: Image.Image, tmp_path: Path
) -> None:
    file = saved_as_jpeg(small, tmp_path / "a.png", 60)

    with live_service.client() as client:
        preview = client.preview(file, presets="standard", factor="2x", width=40, height=40)
    job = live_service.upscale(file, factor="2x")

    [item] = preview["items"]
    assert (item["status"], item["model"]) == ("completed", job["model"])
