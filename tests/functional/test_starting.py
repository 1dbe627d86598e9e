"""Starting and stopping the service: one clear line when it cannot start, nothing left behind when it stops."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.s3 import S3Server
from tests.support.service import ROOT, LiveService, environment, free_port


def start_and_fail(data_dir: Path, port: int, *, lines: int = 1, **settings: str) -> str:
    done = subprocess.run(
        [sys.executable, "run.py"],
        cwd=ROOT,
        env=environment(data_dir, port, **settings),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == lines, done.stderr
    return done.stderr


def test_it_names_a_port_that_is_in_use(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"port {port}" in start_and_fail(tmp_path, port)


def test_it_names_a_folder_that_it_cannot_write_to(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert str(tmp_path / "file" / "data") in start_and_fail(tmp_path / "file" / "data", free_port())


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"PORT": "eighty"}, "PORT"),
        ({"ENGINE": "magic"}, "ENGINE"),
        ({"MAX_UPLOAD_SIZE_BYTES": "-1"}, "MAX_UPLOAD_SIZE_BYTES"),
        ({"RATE_LIMIT": "often"}, "RATE_LIMIT"),
        ({"SECRET_KEY_FILE": "/nowhere"}, "SECRET_KEY_FILE"),
    ],
)
def test_it_names_a_setting_that_it_cannot_use(tmp_path: Path, settings: dict[str, str], named: str) -> None:
    values = {"PORT": str(free_port()), **settings}

    assert named in start_and_fail(
        tmp_path, int(values["PORT"]) if values["PORT"].isdigit() else 0, **settings
    )


def test_it_names_every_unsafe_setting_where_others_reach_it(tmp_path: Path) -> None:
    values = {"HOST": "0.0.0.0", "ADMIN_SEED_PASS": "231980077", "RATE_LIMIT": "off"}
    said = start_and_fail(tmp_path, free_port(), lines=3, **values)

    lines = said.strip().removeprefix("ImageUpscalerPro cannot start: ").splitlines()
    assert [line.split()[0] for line in lines] == ["ADMIN_SEED_PASS", "PUBLIC_URL", "RATE_LIMIT"]
    assert list(tmp_path.iterdir()) == [], "nothing is made before the settings are safe"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"S3_BUCKET": "no-such-bucket"}, "there is no bucket no-such-bucket"),
        ({"S3_SECRET_ACCESS_KEY": "guessed"}, "refuses the keys"),
        ({"S3_ENDPOINT_URL": "http://127.0.0.1:1"}, "http://127.0.0.1:1 does not answer"),
        ({"S3_BUCKET": ""}, "S3_BUCKET"),
        ({"S3_ACCESS_KEY_ID": ""}, "S3_ACCESS_KEY_ID"),
    ],
)
def test_it_names_what_is_wrong_with_the_bucket(
    tmp_path: Path, s3_server: S3Server, changes: dict[str, str], named: str
) -> None:
    settings = {**s3_server.environment(s3_server.empty_bucket()), **changes}

    assert named in start_and_fail(tmp_path, free_port(), **settings)


@pytest.mark.parametrize(
    "command", [["-m", "upscaler.tasks.consumer"], ["run.py", "worker"], ["-m", "upscaler.web"]]
)
def test_a_part_that_is_started_by_hand_names_what_is_wrong_as_well(
    tmp_path: Path, s3_server: S3Server, command: list[str]
) -> None:
    settings = {**s3_server.environment(s3_server.empty_bucket()), "S3_BUCKET": "no-such-bucket"}
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=environment(tmp_path, 1, **settings),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert "there is no bucket no-such-bucket" in done.stderr


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_starts_from_nothing_and_stops_without_leaving_a_process(
    tmp_path: Path, how: signal.Signals
) -> None:
    service = LiveService(tmp_path, {"ENGINE": "lanczos"})
    service.start()

    assert service.url in service.output
    assert "drop an image" in service.output
    assert {path.name for path in tmp_path.iterdir()} >= {"app.db", "queue.db", "logs", "secret_key"}
    assert service.stop(how) == 0


def test_it_works_in_a_folder_with_any_name(tmp_path: Path, photographs: dict[str, Path]) -> None:
    folder = tmp_path / """a?b=c#d %41 'zoë' "x" [1];&"""
    folder.mkdir()
    service = LiveService(folder, {"ENGINE": "lanczos"})
    service.start()
    try:
        service.upscale(photographs["coffee"], factor="2x")
    finally:
        assert service.stop() == 0

    assert [path.name for path in tmp_path.iterdir()] == [folder.name]
    assert {path.name for path in folder.iterdir()} >= {"app.db", "queue.db", "files", "logs", "secret_key"}
