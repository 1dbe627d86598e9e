"""The main job over HTTP: a real photograph, a real model, a real worker, a real download."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import requests
from PIL import Image

from tests.support.photographs import psnr
from tests.support.service import LiveService


def download(url: str) -> Image.Image:
    answer = requests.get(url, timeout=60)
    assert answer.status_code == 200
    return Image.open(io.BytesIO(answer.content))


@pytest.mark.parametrize(
    ("name", "factor", "preset"),
    [
        ("astronaut", "2x", "standard"),
        ("coffee", "4x", "photo"),
        ("chelsea", "2x", "photo"),
        ("astronaut", "4x", "face"),
        ("coffee", "2x", "art"),
        ("chelsea", "4x", "art"),
    ],
)
def test_it_upscales_a_photograph_faithfully(
    live_service: LiveService, photographs: dict[str, Path], name: str, factor: str, preset: str
) -> None:
    with Image.open(photographs[name]) as file:
        original = file.convert("RGB")
    scale = int(factor[0])

    job = live_service.upscale(photographs[name], factor=factor, preset=preset)
    result = download(job["result_file"])

    assert result.size == (original.width * scale, original.height * scale)
    reduced = result.convert("RGB").resize(original.size, Image.Resampling.BOX)
    assert psnr(reduced, original) >= 26
    plain = original.resize(result.size, Image.Resampling.LANCZOS)
    assert psnr(result, plain) < 45, "this is a plain resize"
    assert job["progress"] == 100
    assert job["result"]["width"] == result.width
    assert job["params"]["preset"] == preset


def test_it_answers_with_every_field_of_the_specification(
    live_service: LiveService, photographs: dict[str, Path]
) -> None:
    answer = live_service.upload(photographs["coffee"], factor="2x", denoise="low")

    assert answer.status_code == 202
    accepted = answer.json()
    assert accepted["status"] == "queued"
    assert accepted["created_at"].endswith("Z")
    assert accepted["estimated_seconds"] >= 1
    assert accepted["job_id"].startswith("job_")
    assert len(bytes.fromhex(accepted["job_id"].removeprefix("job_"))) * 8 >= 128
    assert answer.headers["Location"] == f"{live_service.url}/api/v1/jobs/{accepted['job_id']}"

    job = live_service.wait(accepted["job_id"])
    assert set(job) >= {
        "job_id", "status", "progress", "worker_id", "params", "created_at", "started_at", "finished_at",
        "duration_seconds", "original_file", "result_file", "error", "model", "logs",
    }  # fmt: skip
    assert job["created_at"] <= job["started_at"] <= job["finished_at"]
    assert job["error"] is None
    assert [line["message"].split()[0] for line in job["logs"]] == ["accepted", "started", "completed"]
    assert download(job["original_file"]).size == download(job["result_file"]).reduce(2).size


def test_it_gives_a_link_to_the_original_of_an_upload(
    live_service: LiveService, photographs: dict[str, Path]
) -> None:
    job = live_service.upscale(photographs["chelsea"], factor="2x")

    answer = requests.get(f"{live_service.url}/api/v1/uploads/{job['upload_id']}/download", timeout=30)

    assert answer.history[0].status_code == 302
    assert answer.content == photographs["chelsea"].read_bytes()


def test_it_offers_small_previews_of_both_images(
    live_service: LiveService, photographs: dict[str, Path]
) -> None:
    job = live_service.upscale(photographs["coffee"], factor="4x", preset="standard")

    preview = download(job["preview_file"])

    assert max(preview.size) <= 1024
    assert preview.format == "WEBP"
    original = download(job["original_preview_file"])
    assert original.format == "WEBP"
    assert original.size == (job["upload"]["width"], job["upload"]["height"])


def test_the_receipt_lists_what_was_kept(live_service: LiveService, tmp_path: Path) -> None:
    path = tmp_path / "logo.png"
    logo = Image.new("RGBA", (48, 32), (200, 30, 30, 0))
    logo.paste((20, 120, 220, 255), (8, 8, 40, 24))
    logo.save(path)

    job = live_service.upscale(path, factor="2x", preset="art")

    result = download(job["result_file"])
    assert result.mode == "RGBA"
    assert result.getpixel((2, 2))[3] == 0
    assert result.getpixel((48, 32))[3] == 255
    assert "transparency_kept" in [note["code"] for note in job["receipt"]["kept"]]


def test_it_reports_its_health(live_service: LiveService) -> None:
    health = requests.get(f"{live_service.url}/api/v1/health", timeout=30).json()

    assert health["status"] == "ok"
    assert health["queue_length"] >= 0
    assert 0 < health["free_disk_percent"] <= 100
    assert health["workers_online"] == 1
    assert health["version"]
