from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests import factories
from upscaler.errors import ServiceUnavailable
from upscaler.models import Job, utcnow
from upscaler.storage import LocalStorage
from upscaler.views.admin.dashboard import PERIODS


def cards(page: str) -> dict[str, str]:
    """Return the figures by their labels."""
    parts = re.findall(r'figure__label">(?:<a [^>]*>)?([^<]+).*?figure__value">([^<]+)', page, re.DOTALL)
    return {label.strip(): value.strip() for label, value in parts}


def test_the_cards_show_the_figures_of_the_specification(admin, new_job: Callable[..., Job]) -> None:
    new_job(status="queued")
    new_job(status="running")
    new_job(status="completed", finished_at=utcnow(), duration_seconds=75)

    figures = cards(admin.get("/admin/dashboard").text)

    assert figures.pop("Storage used").split()[1] in {"kB", "MB"}
    assert figures == {
        "Total uploads": "3",
        "Jobs queued": "1",
        "Jobs running": "1",
        "Completed today": "1",
        "Average job time": "1 min 15 s",
    }


@pytest.mark.parametrize("period", list(PERIODS))
def test_the_chart_has_its_data_in_the_page(admin, new_job: Callable[..., Job], period: str) -> None:
    new_job(status="completed", finished_at=utcnow(), duration_seconds=5)

    page = admin.get(f"/admin/dashboard?period={period}").text

    data = json.loads(re.findall(r'id="jobs-data"[^>]*>(.*?)</script>', page, re.DOTALL)[0])
    values = {line["name"]: line["values"] for line in data["series"]}
    assert len(data["labels"]) == PERIODS[period][0]
    assert values["completed"] == [0] * (PERIODS[period][0] - 1) + [1]
    assert values["accepted"][-1] == 1
    assert sum(values["failed"] + values["canceled"]) == 0


def test_recent_jobs_errors_and_workers_are_listed(
    admin, new_job: Callable[..., Job], session: Session
) -> None:
    new_job("sea.png", status="queued")
    new_job(
        "fire.png",
        status="failed",
        finished_at=utcnow(),
        error_message="It took longer than %(seconds)s seconds.",
        error_values={"seconds": "60"},
    )
    held = {
        "engine": "ncnn",
        "device": "A broken GPU",
        "precision": "fp16",
        "reason": "off by 96 < 255 levels",
        "quarantined_at": "2025-12-07T12:34:56Z",
        "next_test_at": "2025-12-07T12:44:56Z",
    }
    backend = {
        **{"engine": "ncnn", "device": "Some GPU", "precision": "fp16", "quarantined": [held]},
        **{"models": ["waifu2x-cunet", "waifu2x-upconv7-photo"], "loaded": ["waifu2x-cunet"]},
    }
    speed = {"engine": "mnn", "precision": "fp32", "device": "x", "streams": 2, "pixels_per_second": 123456.4}
    backend["speeds"] = {"waifu2x-cunet": speed}
    factories.new_worker(session, id="host-12", backend=backend, current_job_id="job_1")

    page = admin.get("/admin/dashboard").text

    for text in (
        "Quarantined",
        "off by 96 &lt; 255 levels",
        'datetime="2025-12-07T12:34:56Z"',
        "sea.png",
        "fire.png",
        "It took longer than 60 seconds.",
        "host-12",
        "ncnn",
        "Some GPU · fp16",
        "1.2.3 · pid 4711",
        "2 models · 1 loaded",
        "Speed measured for 1 model",
        "mnn · fp32 \N{MULTIPLICATION SIGN} 2",
        "<td>123,456</td>",
        "<b>waifu2x-cunet</b>, waifu2x-upconv7-photo",
        "Online",
    ):
        assert text in page


def test_an_empty_service_says_so(admin) -> None:
    page = admin.get("/admin/dashboard").text

    assert cards(page)["Average job time"] == "\N{EN DASH}"
    assert "No failed jobs." in page
    assert "No worker was online" in page


def test_the_dashboard_is_shown_when_the_storage_does_not_answer(
    admin, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_storage: LocalStorage) -> int:
        raise ServiceUnavailable

    monkeypatch.setattr(LocalStorage, "used_bytes", broken)
    monkeypatch.setattr(app.extensions["upscaler"].storage_meter, "_figures", None)

    page = admin.get("/admin/dashboard")

    assert page.status_code == 200
    assert "storage is not available" in page.text


def test_a_bucket_has_no_share_of_a_disk(admin, monkeypatch: pytest.MonkeyPatch, app: Flask) -> None:
    monkeypatch.setattr(LocalStorage, "free_percent", lambda _storage: None)
    monkeypatch.setattr(app.extensions["upscaler"].storage_meter, "_figures", None)

    page = admin.get("/admin/dashboard").text

    assert cards(page)["Storage used"]
    assert "in a bucket without a fixed size" in page
