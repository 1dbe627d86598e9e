"""Measure a running service under load: throughput, response times and processor time by route, and memory growth.

It starts a service of its own with `run.py`, in a temporary folder, on a free port and without rate limits. Connections
stay open, and each client asks again as soon as it has its response. The last row is asked at a fixed rate, while jobs
run.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import requests
from skimage import data, io

ROOT = Path(__file__).resolve().parents[1]
_READY_SECONDS = 180
_POLLS_A_SECOND = 200


@dataclass
class Answers:
    """The responses to one route."""

    seconds: list[float] = field(default_factory=list)
    statuses: set[int] = field(default_factory=set)

    def add(self, other: Answers) -> None:
        """Add those of another client."""
        self.seconds += other.seconds
        self.statuses |= other.statuses


@dataclass(frozen=True)
class Route:
    """What is asked for."""

    name: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)


class Service:
    """A service of its own."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        limits = ("RATE_LIMIT", "ACCOUNT_RATE_LIMIT", "PREVIEW_RATE_LIMIT", "POLL_RATE_LIMIT")
        settings = {"DATA_DIR": str(folder), "PORT": str(self.port), **dict.fromkeys(limits, "off")}
        self._process = subprocess.Popen(
            [sys.executable, "run.py"],
            cwd=ROOT,
            env={**os.environ, **settings},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def wait(self) -> None:
        """Return once a worker is online."""
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(requests.ConnectionError):
                if requests.get(f"{self.url}/api/v1/health", timeout=10).json()["workers_online"]:
                    return
            time.sleep(0.2)
        raise SystemExit("The service did not start.")

    def web(self) -> psutil.Process:
        """Return the web process."""
        children = psutil.Process(self._process.pid).children(recursive=True)
        return next(child for child in children if "upscaler.web" in child.cmdline())

    def upload(self, image: Path, factor: str) -> str:
        """Send an image; return its job's id."""
        with image.open("rb") as file:
            form = {"factor": factor, "preset": "photo"}
            answer = requests.post(f"{self.url}/api/v1/uploads", files={"file": file}, data=form, timeout=60)
        return str(answer.json()["job_id"])

    def state(self, job_id: str) -> requests.Response:
        """Ask for a job."""
        return requests.get(f"{self.url}/api/v1/jobs/{job_id}", timeout=60)

    def close(self) -> None:
        """Stop it."""
        self._process.terminate()
        self._process.wait(timeout=60)


@contextlib.contextmanager
def running_service() -> Iterator[tuple[Service, Path]]:
    """Start a service; yield it and an image to send."""
    with tempfile.TemporaryDirectory() as name:
        image = Path(name) / "image.png"
        io.imsave(image, data.coffee()[:256, :256], check_contrast=False)
        service = Service(Path(name) / "data")
        try:
            service.wait()
            yield service, image
        finally:
            service.close()


def ask(port: int, route: Route, until: float, pause: float = 0.0) -> Answers:
    """Ask until a time, one request after the other, or one every ``pause`` seconds."""
    answers, connection = Answers(), http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    due = time.perf_counter()
    while (now := time.perf_counter()) < until:
        if pause and now < due:
            time.sleep(due - now)
        # Counted from when it was due: a late one has kept its client waiting as well.
        begun, due = (due, due + pause) if pause else (now, now)
        connection.request("GET", route.path, headers=route.headers)
        response = connection.getresponse()
        response.read()
        answers.seconds.append(time.perf_counter() - begun)
        answers.statuses.add(response.status)
    connection.close()
    return answers


def measure(service: Service, route: Route, seconds: float, clients: int, pause: float = 0.0) -> str:
    """Let clients ask; return a row of the table."""
    ask(service.port, route, time.perf_counter() + 0.5)
    web, answers, lock = service.web(), Answers(), threading.Lock()
    memory, busy = web.memory_info().rss, sum(web.cpu_times()[:2])
    begun = time.perf_counter()

    def client() -> None:
        found = ask(service.port, route, begun + seconds, pause)
        with lock:
            answers.add(found)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken = time.perf_counter() - begun
    count = len(answers.seconds)
    cuts = statistics.quantiles(answers.seconds, n=100)
    cells = (
        f"{route.name} ({', '.join(map(str, sorted(answers.statuses)))})",
        f"{count / taken:.0f}",
        *(f"{cuts[share - 1] * 1e3:.1f}" for share in (50, 95, 99)),
        f"{(sum(web.cpu_times()[:2]) - busy) / count * 1e3:.2f}",
        f"{(web.memory_info().rss - memory) / (1 << 20):+.1f}",
    )
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Measure each route, and polls while jobs run."""
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="for each route")
    parser.add_argument("--clients", type=int, default=4, help="that ask at the same time")
    chosen = parser.parse_args()
    with running_service() as (service, image):
        job_id = service.upload(image, "2x")
        while (state := service.state(job_id)).json()["status"] != "completed":
            time.sleep(0.2)
        job = f"/api/v1/jobs/{job_id}"
        routes = (
            Route("health", "/api/v1/health"),
            Route("poll", job),
            Route("poll, unchanged", job, {"If-None-Match": state.headers["ETag"]}),
            Route("start page", "/"),
            Route("presets", "/api/v1/presets"),
        )
        print("| route | a second | p50 ms | p95 ms | p99 ms | CPU ms | memory MiB |")
        print("| :-- | --: | --: | --: | --: | --: | --: |")
        for route in routes:
            print(measure(service, route, chosen.seconds, chosen.clients), flush=True)
        working = [service.upload(image, "4x") for _ in range(8)]
        poll = Route(f"{_POLLS_A_SECOND} polls a second beside jobs", f"/api/v1/jobs/{working[-1]}")
        pollers = 20
        print(measure(service, poll, chosen.seconds, pollers, pollers / _POLLS_A_SECOND), flush=True)
        print(json.dumps({"still at work": service.state(working[-1]).json()["status"]}))


if __name__ == "__main__":
    main()
