"""Starting again, and ends that nobody planned."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import requests

from tests.support.service import ADMIN, END_SECONDS, ROOT, LiveService, environment


def test_a_second_start_finds_everything_prepared_and_the_admin_can_sign_in(tmp_path: Path) -> None:
    service = LiveService(tmp_path, {"ENGINE": "lanczos"})
    service.start()
    service.stop()
    prepared = (tmp_path / "prepared").stat().st_mtime_ns

    service.start()
    try:
        assert (tmp_path / "prepared").stat().st_mtime_ns == prepared
        browser = requests.Session()
        page = browser.get(f"{service.url}/admin/login", timeout=30).text
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert token is not None
        form = {"username": ADMIN[0], "password": ADMIN[1], "csrf_token": token[1]}
        answer = browser.post(f"{service.url}/admin/login", data=form, timeout=30)
        assert answer.url == f"{service.url}/admin/dashboard"
    finally:
        service.stop()


def test_web_and_worker_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    service = LiveService(tmp_path, {"ENGINE": "lanczos"})
    service.start()
    assert service.stop(signal.SIGKILL) == -signal.SIGKILL


def test_a_worker_starts_by_hand(tmp_path: Path) -> None:
    service = LiveService(tmp_path, {"ENGINE": "lanczos"})
    service.start()
    by_hand = subprocess.Popen(
        [sys.executable, "-m", "upscaler.tasks.consumer"],
        cwd=ROOT,
        env=environment(tmp_path, service.port, ENGINE="lanczos"),
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(300):
            if requests.get(f"{service.url}/api/v1/health", timeout=30).json()["workers_online"] == 2:
                break
            assert by_hand.poll() is None
            by_hand_started = psutil.Process(by_hand.pid)
            psutil.wait_procs([by_hand_started], timeout=0.3)
        else:
            pytest.fail("the worker did not register")
    finally:
        by_hand.terminate()
        try:
            by_hand.wait(timeout=END_SECONDS)
        finally:
            service.stop()
