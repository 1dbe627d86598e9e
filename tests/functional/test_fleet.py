"""The whole fleet as real processes: PostgreSQL, Redis, an S3 server, two web hosts, and a worker started by hand.

Each host has a data folder of its own: what they share is behind the three addresses and nothing else.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
import yaml
from PIL import Image
from sqlalchemy import create_engine, text

from tests.support.fleet import fleet_settings
from tests.support.leftovers import files_in
from tests.support.s3 import S3Server
from tests.support.servers import redis_server
from tests.support.service import ROOT, START_SECONDS, LiveService, environment, free_port


@dataclass
class Fleet:
    """The processes of the fleet, and the servers that can be taken away from it."""

    settings: dict[str, str]
    folder: Path
    s3: S3Server
    database_url: str
    redis_port: int
    redis: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    worker: subprocess.Popen[bytes] | None = None
    streaming: LiveService | None = None
    direct: LiveService | None = None

    def start_redis(self) -> None:
        self.redis.enter_context(redis_server(self.folder, self.redis_port))

    def start_worker(self) -> None:
        command = readme_command("run.py worker")
        # As the README has it, but from the virtual environment that the tests run in.
        command[0] = sys.executable
        data_dir = self.folder / "worker"
        data_dir.mkdir(exist_ok=True)
        self.worker = subprocess.Popen(command, cwd=ROOT, env=environment(data_dir, 1, **self.settings))

    def stop_worker(self) -> None:
        assert self.worker is not None
        self.worker.send_signal(signal.SIGTERM)
        self.worker.wait(timeout=60)

    def worker_log(self) -> str:
        return (self.folder / "worker" / "logs" / "worker.log").read_text()


def readme_command(name: str) -> list[str]:
    """Return the indented command of the README that runs ``name``."""
    found = re.search(
        rf"^ {{4}}(\.venv/bin/.*{re.escape(name)}.*)$", (ROOT / "README.md").read_text(), re.MULTILINE
    )
    assert found is not None
    return found[1].split()


@pytest.fixture(scope="module")
def fleet(
    s3_server: S3Server, postgresql_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Fleet]:
    folder = tmp_path_factory.mktemp("fleet")
    server = create_engine(postgresql_url.replace("://", "+psycopg://"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text("CREATE DATABASE fleet"))
    server.dispose()
    redis_port = free_port()
    database_url = postgresql_url.rpartition("/")[0] + "/fleet"
    settings = fleet_settings(s3_server, database_url, f"redis://127.0.0.1:{redis_port}/0")
    built = Fleet(settings, folder, s3_server, database_url, redis_port)
    built.start_redis()
    with built.redis, contextlib.ExitStack() as hosts:
        assert readme_command("run.py")[1:] == ["run.py", "web"]
        for name, more in (("streaming", {}), ("direct", {"S3_PUBLIC_ENDPOINT_URL": s3_server.url})):
            (folder / name).mkdir()
            host = LiveService(folder / name, {**settings, **more}, part="web")
            host.start()
            hosts.callback(host.stop)
            setattr(built, name, host)
        built.start_worker()
        hosts.callback(built.stop_worker)
        assert built.streaming is not None
        built.streaming.wait_for_worker()
        yield built


@pytest.fixture
def streaming(fleet: Fleet) -> LiveService:
    """The web host that passes files on."""
    assert fleet.streaming is not None
    return fleet.streaming


@pytest.fixture
def direct(fleet: Fleet) -> LiveService:
    """The web host that sends browsers to the bucket."""
    assert fleet.direct is not None
    return fleet.direct


def test_a_photograph_is_upscaled_and_downloaded_through_the_web_host(
    streaming: LiveService, photographs: dict[str, Path]
) -> None:
    job = streaming.upscale(photographs["coffee"], factor="2x", preset="photo")

    answer = requests.get(job["result_file"], timeout=60, allow_redirects=False)
    part = requests.get(job["result_file"], headers={"Range": "bytes=100-199"}, timeout=60)
    tail = requests.get(job["result_file"], headers={"Range": "bytes=-50"}, timeout=60)
    beyond = requests.get(job["result_file"], headers={"Range": "bytes=99999999-"}, timeout=60)
    same = requests.get(job["result_file"], headers={"If-None-Match": answer.headers["ETag"]}, timeout=60)

    assert answer.status_code == 200
    with Image.open(photographs["coffee"]) as original, Image.open(io.BytesIO(answer.content)) as result:
        assert result.size == (original.width * 2, original.height * 2)
    assert answer.headers["Content-Type"] == "image/png"
    assert "coffee-2x.png" in answer.headers["Content-Disposition"]
    assert int(answer.headers["Content-Length"]) == len(answer.content) == job["result"]["size_bytes"]
    assert (part.status_code, part.content) == (206, answer.content[100:200])
    assert (tail.status_code, tail.content) == (206, answer.content[-50:])
    assert beyond.status_code == 416
    assert same.status_code == 304
    assert requests.get(job["original_file"], timeout=60).content == photographs["coffee"].read_bytes()


def test_a_photograph_is_downloaded_from_the_bucket_itself(
    fleet: Fleet, streaming: LiveService, direct: LiveService, photographs: dict[str, Path]
) -> None:
    """Sent to one web host, asked for at the other."""
    accepted = streaming.upload(photographs["chelsea"], factor="2x")
    job = direct.wait(accepted.json()["job_id"])
    assert job["status"] == "completed", job

    answer = requests.get(job["result_file"], timeout=60)
    first = answer.history[0]
    offered = requests.get(job["result_file"] + "&download", timeout=60)
    head = requests.head(job["result_file"], timeout=60, allow_redirects=False)
    part = requests.get(job["result_file"], headers={"Range": "bytes=0-9"}, timeout=60)

    assert first.status_code == 302
    assert urlsplit(answer.url).netloc == urlsplit(fleet.s3.url).netloc
    assert 0 < int(re.findall(r"X-Amz-Expires=(\d+)", answer.url)[0]) <= 300
    assert "private" in first.headers["Cache-Control"]
    with Image.open(io.BytesIO(answer.content)) as result:
        assert result.format == "PNG"
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Content-Disposition"] == "inline; filename=chelsea-2x.png"
    assert offered.headers["Content-Disposition"] == "attachment; filename=chelsea-2x.png"
    assert head.status_code == 200
    assert (part.status_code, part.content) == (206, answer.content[:10])
    # Neither without a signature, nor by a changed one.
    assert requests.get(answer.url.partition("?")[0], timeout=60).status_code == 403
    assert requests.get(job["result_file"][:-2] + "xx", timeout=60).status_code == 403


def test_pages_may_show_images_of_the_bucket_where_browsers_reach_it(
    fleet: Fleet, streaming: LiveService, direct: LiveService
) -> None:
    def image_sources(host: LiveService) -> str:
        policy = requests.get(host.url, timeout=60).headers["Content-Security-Policy"]
        return re.findall(r"img-src ([^;]*);", policy)[0]

    assert image_sources(direct) == f"'self' data: blob: {fleet.s3.url}"
    assert image_sources(streaming) == "'self' data: blob:"


def test_no_host_keeps_anything_of_its_own(
    fleet: Fleet, streaming: LiveService, photographs: dict[str, Path]
) -> None:
    streaming.upscale(photographs["coffee"], factor="2x")

    for host in ("streaming", "direct", "worker"):
        # What is in the cache is measured or converted again where it is missing.
        kept = (path for path in files_in(fleet.folder / host) if "cache" not in path.parts)
        files = {path.name for path in kept}
        assert files <= {"web.log", "worker.log", "stderr.txt", "prepared"}, host


def test_the_health_reports_the_hosts_own_disk(streaming: LiveService) -> None:
    health = requests.get(f"{streaming.url}/api/v1/health", timeout=60).json()

    assert 0 < health["free_disk_percent"] <= 100
    assert health["workers_online"] == 1


def test_the_health_check_of_the_worker_image_finds_its_worker(fleet: Fleet) -> None:
    def check(database_url: str) -> int:
        command = [sys.executable, "-m", "scripts.worker_health"]
        values = {**os.environ, "DATABASE_URL": database_url}
        return subprocess.run(command, cwd=ROOT, env=values, timeout=120, check=False).returncode

    assert check(fleet.database_url) == 0
    assert check("postgresql://postgres@127.0.0.1:1/none") == 1


def test_an_image_is_accepted_without_redis_and_upscaled_once_redis_is_back(
    fleet: Fleet, streaming: LiveService, photographs: dict[str, Path]
) -> None:
    fleet.redis.close()

    begun = time.monotonic()
    accepted = streaming.upload(photographs["coffee"], factor="2x")
    taken = time.monotonic() - begun

    assert accepted.status_code == 202, accepted.text
    assert taken < 30
    assert streaming.job(accepted.json()["job_id"])["status"] == "queued"
    fleet.start_redis()
    assert streaming.wait(accepted.json()["job_id"])["status"] == "completed"
    # The worker is connected again: a further image needs no rescue by the reaper.
    assert streaming.upscale(photographs["coffee"], factor="2x")["status"] == "completed"


def test_without_the_storage_nothing_is_accepted_and_nothing_that_was_accepted_is_lost(
    fleet: Fleet, streaming: LiveService, photographs: dict[str, Path]
) -> None:
    fleet.stop_worker()
    accepted = streaming.upload(photographs["coffee"], factor="2x").json()["job_id"]
    fleet.s3.stop()
    try:
        refused = streaming.upload(photographs["coffee"], factor="2x")
        assert refused.status_code == 503
        assert refused.headers["Content-Type"] == "application/problem+json"
        assert refused.json()["code"] == "storage_unavailable"
        assert requests.get(f"{streaming.url}/api/v1/health", timeout=60).status_code == 503
        fleet.start_worker()
        deadline = time.monotonic() + START_SECONDS
        while "job.storage_away" not in fleet.worker_log():
            assert time.monotonic() < deadline
            time.sleep(0.5)
    finally:
        fleet.s3.start()

    job = streaming.wait(accepted)

    assert job["status"] == "completed", job
    assert streaming.upscale(photographs["coffee"], factor="2x")["status"] == "completed"


def test_the_bucket_of_the_compose_file_can_be_made_again_and_again(s3_server: S3Server) -> None:
    [command] = yaml.safe_load((ROOT / "docker" / "compose.yml").read_text())["services"]["bucket"]["command"]
    shell = "weed shell -master=s3:9333 -filer=s3:8888"
    assert shell in command
    name = "made-by-the-shell"
    command = command.replace("$$", "$").replace(shell, s3_server.shell).replace("images", name)

    for _ in range(2):
        done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    assert name in {found["Name"] for found in s3_server.client().list_buckets()["Buckets"]}
