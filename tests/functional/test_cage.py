"""The processes of a running service that read strangers' bytes are in the cage, and nothing is written for others."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from tests.support.service import ADMIN, LiveService
from upscaler.engine.process.cage import landlock

START = "upscaler.engine.process.caged"
# What a child may have of the environment; none of it is a setting of the service.
SECRETS = {"SECRET_KEY", "ADMIN_SEED_PASS", "DATABASE_URL", "REDIS_URL", "METRICS_TOKEN", "DATA_DIR", "HOME"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, photographs: dict[str, Path]) -> Iterator[LiveService]:
    """A service that has checked and upscaled an image."""
    live = LiveService(tmp_path_factory.mktemp("cage"), {"RATE_LIMIT": "off", "METRICS_TOKEN": "a" * 40})
    live.start()
    assert live.upscale(photographs["coffee"], factor="2x")["status"] == "completed"
    yield live
    live.stop()


@pytest.fixture(scope="module")
def children(service: LiveService) -> dict[str, psutil.Process]:
    """The processes that read images, by their module."""
    found = {}
    for process in service.family():
        command: list[str] = []
        # Converters of models come and go.
        with contextlib.suppress(psutil.NoSuchProcess):
            command = process.cmdline()
        if START in command:
            found[command[command.index(START) + 3]] = process
    return found


def status_of(process: psutil.Process) -> dict[str, str]:
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def test_inspector_and_engine_have_no_privileges_and_no_secrets(
    children: dict[str, psutil.Process],
) -> None:
    assert set(children) == {"upscaler.engine.process.inspector_child", "upscaler.engine.process.server"}
    for process in children.values():
        status = status_of(process)
        assert status["NoNewPrivs"] == "1"
        assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0
        assert status["Umask"] == "0077"
        assert not SECRETS & set(process.environ())


def test_they_are_filtered_and_have_no_network_where_the_log_says_so(
    service: LiveService, children: dict[str, psutil.Process]
) -> None:
    logs = [path.read_text() for path in (service.data_dir / "logs").glob("*.log")]
    rows = [json.loads(line) for text in logs for line in text.splitlines()]
    logged = [row for row in rows if row["event"] == "child_caged"]
    assert {row["child_module"] for row in logged} >= set(children)
    for row in logged:
        assert row["files"] == landlock.version()
    for module, process in children.items():
        [holds] = [row for row in logged if row["child_pid"] == process.pid and row["child_module"] == module]
        assert status_of(process)["Seccomp"] == ("2" if holds["system_calls"] else "0")
        own = Path("/proc/self/ns/net").readlink()
        assert (Path(f"/proc/{process.pid}/ns/net").readlink() != own) is holds["network"]


def test_the_workers_api_tells_what_holds(service: LiveService) -> None:
    account = {"username": ADMIN[0], "password": ADMIN[1]}
    token = requests.post(f"{service.url}/api/v1/auth/login", json=account, timeout=60).json()["access_token"]
    headers, deadline = {"Authorization": f"Bearer {token}"}, time.monotonic() + 60

    backend: dict[str, Any] = {}
    # A worker reports every 5 s.
    while "engine" not in backend and time.monotonic() < deadline:
        answer = requests.get(f"{service.url}/api/v1/admin/workers", headers=headers, timeout=30)
        [worker] = answer.json()["items"]
        backend = worker["backend"]
        time.sleep(0.2)

    assert backend["cage"]["files"] == landlock.version()
    assert set(backend["cage"]) == {"files", "system_calls", "network", "lacking"}


def test_what_it_writes_is_for_its_user_alone(service: LiveService) -> None:
    open_to_others = [
        str(path.relative_to(service.data_dir))
        for path in service.data_dir.rglob("*")
        if path.name not in {"stderr.txt", "stdout.txt"}
        and not path.is_symlink()
        and path.stat().st_mode & 0o077
    ]
    assert open_to_others == []
