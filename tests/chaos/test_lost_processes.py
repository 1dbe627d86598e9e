"""Processes die at bad moments; every accepted job still ends, once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests

from tests.support.photographs import save_photograph
from tests.support.service import LiveService

# A trial that ends between two attempts may choose another backend, for which the finished tiles are of no use.
SETTINGS = {"RATE_LIMIT": "off", "ENGINE_TILE": "64", "ENGINE_TRIAL": "off"}


@pytest.fixture(scope="module")
def fragile_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """A service of its own, whose processes may be killed, with a short lease."""
    service = LiveService(tmp_path_factory.mktemp("fragile"), {**SETTINGS, "LEASE_SECONDS": "12"})
    service.start()
    yield service
    service.stop()


@pytest.fixture(scope="module")
def slow_image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image that keeps a model busy for some seconds even on a fast processor: progress is stored once a second."""
    return save_photograph("coffee", tmp_path_factory.mktemp("slow") / "coffee.png", side=700)


def running(service: LiveService, job_id: str) -> None:
    # A fast processor is done within seconds: it has to be seen at work before.
    for _ in range(2000):
        job = service.job(job_id)
        # Decoding takes 2 percent: more means that a tile is finished.
        if job["status"] == "running" and job["progress"] > 10:
            return
        assert job["status"] in {"queued", "running"}, job
        time.sleep(0.03)
    pytest.fail("the job did not start")


def process_running(service: LiveService, part: str) -> psutil.Process:
    return next(found for found in service.family() if any(part in word for word in found.cmdline()))


@pytest.mark.parametrize("victim", ["upscaler.engine.process.server", "upscaler.tasks.consumer"])
def test_a_job_survives_the_death_of_a_process(
    fragile_service: LiveService, slow_image: Path, victim: str
) -> None:
    job_id = fragile_service.upload(slow_image, factor="4x", preset="art").json()["job_id"]
    running(fragile_service, job_id)

    process_running(fragile_service, victim).kill()

    job = fragile_service.wait(job_id)
    assert job["status"] == "completed", job
    assert job["receipt"]["resumed_tiles"] > 0, "finished tiles were made again"
    messages = [line["message"] for line in job["logs"]]
    assert sum(message.startswith("started") for message in messages) == 2
    assert sum(message == "completed" for message in messages) == 1
    results = [
        path
        for path in (fragile_service.data_dir / "files" / "results").rglob("*.png")
        if job_id in path.name
    ]
    assert len(results) == 1


def test_a_running_job_is_canceled_at_once_and_the_worker_goes_on(
    fragile_service: LiveService, slow_image: Path, photographs: dict[str, Path]
) -> None:
    job_id = fragile_service.upload(slow_image, factor="4x", preset="art").json()["job_id"]
    running(fragile_service, job_id)

    answer = requests.post(f"{fragile_service.url}/api/v1/jobs/{job_id}/cancel", timeout=30)

    assert answer.status_code == 200
    assert answer.json()["status"] == "canceled"
    assert requests.post(f"{fragile_service.url}/api/v1/jobs/{job_id}/cancel", timeout=30).status_code == 409
    assert fragile_service.upscale(photographs["coffee"], factor="2x")["status"] == "completed"
    assert fragile_service.job(job_id)["status"] == "canceled"
    deadline = time.monotonic() + 120
    while left := list((fragile_service.data_dir / "scratch").rglob(f"*{job_id}*")):
        assert time.monotonic() < deadline, left
        time.sleep(1)


@pytest.fixture
def patient_service(tmp_path: Path) -> Iterator[LiveService]:
    """A service whose leases last for ten minutes."""
    service = LiveService(tmp_path, {**SETTINGS, "LEASE_SECONDS": "600"})
    service.start()
    yield service
    service.stop()


def test_a_stopping_service_hands_its_job_back(patient_service: LiveService, slow_image: Path) -> None:
    job_id = patient_service.upload(slow_image, factor="4x", preset="art").json()["job_id"]
    running(patient_service, job_id)

    patient_service.stop()
    patient_service.start()
    job = patient_service.wait(job_id)

    # Only a job that was released can be done before its lease has run out.
    assert job["status"] == "completed"
    assert any("the worker is stopping" in line["message"] for line in job["logs"])
    assert job["receipt"]["resumed_tiles"] > 0, "finished tiles were made again"
