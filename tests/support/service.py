"""The real service as a process, and a small client for it."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil
import requests

from upscaler.client import Client

ROOT = Path(__file__).resolve().parents[2]
ADMIN = ("abdullah", "231980077")

# The address from which the shared service may fetch images: a loopback address that no other test uses.
FETCHED_FROM = "127.0.0.7"

# A shared machine may be slow; these end a test that hangs, they measure nothing.
START_SECONDS = 300
JOB_SECONDS = 600
END_SECONDS = 120


# Below the ports that Linux gives to outgoing connections: one of those may be taken between the look and the use.
_PORTS = itertools.count(10_000 + 2_500 * (int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % 9))


def free_port() -> int:
    """Return a free port, another one each time."""
    for port in _PORTS:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("unreachable")


def environment(data_dir: Path, port: int, **settings: str) -> dict[str, str]:
    """Return the environment of a first start, without the machine's own `.env`.

    A service in production, or at an address that other machines reach, is told its own URL, and that it may run as
    root where the tests do.
    """
    base = {
        name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR", "CI"}
    }
    seed = {"ADMIN_SEED_USER": ADMIN[0], "ADMIN_SEED_PASS": ADMIN[1]}
    host = settings.get("HOST", "127.0.0.1")
    is_exposed = host != "127.0.0.1" or settings.get("FLASK_ENV") == "production"
    public = {"PUBLIC_URL": f"http://{host}:{port}"} if is_exposed else {}
    risks = [settings["ACCEPTED_RISKS"]] if settings.get("ACCEPTED_RISKS") else []
    if is_exposed and os.geteuid() == 0:
        risks.append("root_user")
    accepted = {"ACCEPTED_RISKS": ", ".join(risks)} if risks else {}
    folders = {"DATA_DIR": str(data_dir), "HOST": host, "PORT": str(port)}
    return {**base, **seed, **folders, **public, **settings, **accepted}


class LiveService:
    """Web server and worker, started by `run.py` in a data folder of their own.

    ``launcher`` is a command that runs the command after it, such as one that enters a network of its own.
    """

    def __init__(
        self,
        data_dir: Path,
        settings: dict[str, str] | None = None,
        *,
        part: str = "all",
        launcher: Sequence[str] = (),
    ) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self.settings = settings or {}
        self.url = f"http://{self.settings.get('HOST', '127.0.0.1')}:{self.port}"
        self.part = part
        self._launcher = launcher
        self.output = ""
        self._process: subprocess.Popen[str] | None = None

    @property
    def process(self) -> psutil.Process:
        """The parent process."""
        assert self._process is not None
        return psutil.Process(self._process.pid)

    def start(self) -> None:
        """Start, and return once the service reports that it is ready."""
        with (self.data_dir / "stderr.txt").open("w") as stderr:
            self._process = subprocess.Popen(
                [*self._launcher, sys.executable, "run.py", self.part],
                cwd=ROOT,
                env=environment(self.data_dir, self.port, **self.settings),
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        assert self._process.stdout is not None
        lines = []
        for line in self._process.stdout:
            lines.append(line)
            if "press Ctrl-C to stop" in line:
                break
        self.output = "".join(lines)
        assert "is ready" in self.output, self.output + (self.data_dir / "stderr.txt").read_text()
        if self.part == "all":
            self.wait_for_worker()

    def wait_for_worker(self) -> None:
        """Wait until a worker is online."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if requests.get(f"{self.url}/api/v1/health", timeout=30).json()["workers_online"] > 0:
                return
            time.sleep(0.2)
        raise AssertionError("no worker came online")

    def family(self) -> list[psutil.Process]:
        """Return every process of the service, the parent first."""
        return [self.process, *self.process.children(recursive=True)]

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Stop as a person would, and return the exit code; fail if a process is left behind."""
        assert self._process is not None
        family = self.family()
        self._process.send_signal(how)
        code = self._process.wait(timeout=30)
        assert self._process.stdout is not None
        self._process.stdout.close()
        # When the parent was killed, the others are not hurried: each ends its own work first.
        _, alive = psutil.wait_procs(family, timeout=END_SECONDS)
        assert alive == []
        return code

    def kill(self) -> None:
        """Kill all processes of the service at once, as a power cut would."""
        assert self._process is not None
        if self._process.poll() is None:
            family = self.family()
            for process in family:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
            psutil.wait_procs(family, timeout=END_SECONDS)
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def client(self, token: str | None = None) -> Client:
        """Return a client of the API."""
        return Client(self.url, token)

    def upload(self, path: Path, **fields: str) -> requests.Response:
        """Upload an image."""
        with path.open("rb") as file:
            return requests.post(
                f"{self.url}/api/v1/uploads", files={"file": (path.name, file)}, data=fields, timeout=60
            )

    def job(self, job_id: str) -> dict[str, Any]:
        """Return the state of a job."""
        with self.client() as client:
            return client.job(job_id).data

    def wait(self, job_id: str) -> dict[str, Any]:
        """Return the state of a job once it has ended."""
        with self.client() as client:
            return client.wait(job_id, timeout_seconds=JOB_SECONDS).data

    def upscale(self, path: Path, **fields: str) -> dict[str, Any]:
        """Upload an image and return its completed job."""
        answer = self.upload(path, **fields)
        assert answer.status_code == 202, answer.text
        job = self.wait(answer.json()["job_id"])
        assert job["status"] == "completed", job
        return job
