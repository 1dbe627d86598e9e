"""Images that are over go by themselves, with their files, where the operator wants it."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import requests

from tests.support.service import LiveService

# A worker looks every 20 seconds.
PATIENCE_SECONDS = 120


def test_an_image_of_long_ago_is_gone_and_a_new_one_is_not(
    tmp_path: Path, photographs: dict[str, Path]
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    service = LiveService(data, {"ENGINE": "lanczos", "VISITOR_KEEP_DAYS": "2"})
    service.start()
    try:
        old, new = (service.upscale(photographs["coffee"], factor="2x") for _ in range(2))
        with sqlite3.connect(data / "app.db", timeout=30) as database:
            changed = database.execute(
                "UPDATE jobs SET finished_at = datetime(finished_at, '-3 days') WHERE id = ?",
                (old["job_id"],),
            )
            assert changed.rowcount == 1
        address = f"{service.url}/api/v1/jobs/{old['job_id']}"
        deadline = time.monotonic() + PATIENCE_SECONDS
        while requests.get(address, timeout=30).status_code != 404 and time.monotonic() < deadline:
            time.sleep(0.5)

        assert requests.get(address, timeout=30).json()["code"] == "job_not_found"
        assert requests.get(old["result_file"], timeout=30).status_code == 410
        assert requests.get(new["result_file"], timeout=30).status_code == 200
        assert "Deleted with its result after 2 days" in requests.get(service.url, timeout=30).text
    finally:
        service.stop()
