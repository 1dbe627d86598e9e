"""Progress over HTTP: named steps, and a share that rises while a model works on a part of the image."""

from __future__ import annotations

import itertools
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.service import LiveService
from upscaler.engine.progress import STEPS


def followed(service: LiveService, job_id: str) -> list[tuple[dict[str, Any], float]]:
    """Return each state of a job that differs from the one before and when it was seen, until it has ended."""
    states: list[tuple[dict[str, Any], float]] = []
    shown = ("progress_exact", "step", "status")
    until = time.monotonic() + 120
    while time.monotonic() < until:
        job = requests.get(f"{service.url}/api/v1/jobs/{job_id}", timeout=30).json()
        if not states or any(job[name] != states[-1][0][name] for name in shown):
            states.append((job, time.monotonic()))
        if job["status"] not in ("queued", "running"):
            return states
        time.sleep(0.1)
    raise TimeoutError(f"{job_id} still runs")


def test_a_job_tells_its_steps_and_moves_within_a_window(
    live_service: LiveService, photographs: dict[str, Path]
) -> None:
    accepted = live_service.upload(photographs["chelsea"], factor="4x", preset="photo", detail="100").json()

    states = followed(live_service, accepted["job_id"])

    assert states[-1][0]["status"] == "completed"
    shares = [state["progress_exact"] for state, _ in states]
    assert shares == sorted(shares)
    assert shares[-1] == 100
    steps = [step for step, _ in itertools.groupby(state["step"] for state, _ in states) if step is not None]
    assert steps == sorted(set(steps), key=STEPS.index)
    assert "upscaling" in steps
    assert states[-1][0]["step"] is None
    # At least every 3 seconds, noted by the next heartbeat and seen by the next poll.
    times = [seen_at for state, seen_at in states if state["step"] == "upscaling"]
    assert max((later - earlier for earlier, later in itertools.pairwise(times)), default=0) < 5


def test_the_receipt_tells_what_each_step_took(
    live_service: LiveService, photographs: dict[str, Path]
) -> None:
    job = live_service.upscale(photographs["coffee"], factor="2x")

    taken = job["receipt"]["steps"]
    assert set(taken) == set(STEPS)
    assert all(seconds >= 0 for seconds in taken.values())
    # Both clocks are read when the job has its files, and one of them is rounded to a second.
    assert sum(taken.values()) == pytest.approx(job["duration_seconds"], abs=1.5)
