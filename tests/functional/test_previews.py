"""Previews from the real worker, while it is busy with something larger."""

from __future__ import annotations

import io
import time
from pathlib import Path

import numpy as np
import requests
from PIL import Image

from tests.support.service import LiveService
from upscaler.client import Client


def test_a_preview_does_not_wait_for_the_end_of_a_job(
    live_service: LiveService, photographs: dict[str, Path], tmp_path: Path
) -> None:
    with Image.open(photographs["astronaut"]) as image:
        photograph = np.asarray(image.convert("RGB"))
    # Minutes of work on any machine that runs these tests; it is canceled at the end.
    Image.fromarray(np.tile(photograph, (6, 6, 1))).save(tmp_path / "large.png")

    with Client(live_service.url) as client:
        large = client.upload(tmp_path / "large.png", factor="4x", preset="photo")
        try:
            deadline = time.monotonic() + 120
            while client.job(large.id).status == "queued":
                assert time.monotonic() < deadline
                time.sleep(0.2)
            preview = client.preview(
                photographs["astronaut"], presets="standard,art", left=80, top=90, width=64, height=48
            )
            assert client.job(large.id).status == "running"
        finally:
            client.cancel(large.id)

    assert preview["status"] == "completed"
    piece = photograph[90:138, 80:144].astype(np.float64)
    for item in preview["items"]:
        with Image.open(io.BytesIO(requests.get(item["image_file"], timeout=60).content)) as image:
            assert image.size == (item["width"], item["height"]) == (128, 96)
            reduced = np.asarray(image.convert("RGB").resize((64, 48), Image.Resampling.BOX), np.float64)
        assert np.abs(reduced - piece).mean() < 6, "it is the wanted piece"
