"""Behaviour of the storage in a bucket beyond the contract."""

from __future__ import annotations

import contextlib
import dataclasses
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from tests.support.proxy import Manner, Proxy
from tests.support.s3 import SECRET_KEY, S3Server
from tests.support.service import ROOT, free_port
from upscaler.errors import StorageUnavailable
from upscaler.storage import Presentation, StorageSettingsError
from upscaler.storage.s3 import S3Storage
from upscaler.storage.s3_client import WEB, WORKER, Bucket

KEY = "results/ab/job_abc.png"
SHOWN = Presentation("image/png", "inline; filename=\"a b.png\"; filename*=UTF-8''%C3%A4.png")


@pytest.fixture
def bucket(s3_server: S3Server) -> Bucket:
    return s3_server.empty_bucket(public_endpoint_url=s3_server.url)


@pytest.fixture
def stored(bucket: Bucket, tmp_path: Path) -> S3Storage:
    storage = S3Storage(bucket, WEB)
    (tmp_path / "image").write_bytes(b"0123456789")
    storage.save(KEY, tmp_path / "image")
    return storage


@pytest.fixture
def silent_server() -> Iterator[str]:
    """A server that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_a_link_sends_the_file_with_its_headers_and_ranges(stored: S3Storage) -> None:
    address = stored.link(KEY, SHOWN, 60)
    assert address is not None

    whole = requests.get(address, timeout=30)
    part = requests.get(address, headers={"Range": "bytes=2-4"}, timeout=30)

    assert (whole.status_code, whole.content) == (200, b"0123456789")
    assert whole.headers["Content-Type"] == "image/png"
    assert whole.headers["Content-Disposition"] == SHOWN.disposition
    assert (part.status_code, part.content) == (206, b"234")
    assert stored.public_origin is not None
    assert address.startswith(stored.public_origin + "/")


def test_nobody_reads_without_a_genuine_link(stored: S3Storage, bucket: Bucket) -> None:
    address = stored.link(KEY, SHOWN, 60)
    short = stored.link(KEY, SHOWN, 1)
    assert address is not None
    assert short is not None
    plain = f"{bucket.endpoint_url}/{bucket.name}/{KEY}"
    time.sleep(2.1)

    for refused in (plain, address.replace("job_abc", "job_abd"), address[:-1], short):
        assert requests.get(refused, timeout=30).status_code == 403, refused
    assert requests.get(f"{bucket.endpoint_url}/{bucket.name}", timeout=30).status_code == 403
    assert requests.put(address, b"x", timeout=30).status_code == 403


def test_a_bucket_may_be_part_of_the_host_name() -> None:
    bucket = Bucket(
        name="images",
        endpoint_url="http://127.0.0.1:1",
        access_key_id="a",
        secret_access_key="b",
        addressing_style="virtual",
        public_endpoint_url="https://s3.example.org",
    )

    assert S3Storage(bucket, WEB).public_origin == "https://images.s3.example.org"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"name": "no-such-bucket"}, "S3_BUCKET"),
        ({"access_key_id": "nobody"}, "S3_ACCESS_KEY_ID"),
        ({"secret_access_key": "guessed"}, "S3_SECRET_ACCESS_KEY"),
    ],
)
def test_it_names_what_is_wrong_with_the_settings_in_one_line(
    bucket: Bucket, changes: dict[str, str], named: str
) -> None:
    with pytest.raises(StorageSettingsError) as raised:
        S3Storage(dataclasses.replace(bucket, **changes), WEB).check()

    assert named in str(raised.value)
    assert "\n" not in str(raised.value)
    assert SECRET_KEY not in str(raised.value)


def test_wrong_keys_while_it_runs_are_an_outage(bucket: Bucket, tmp_path: Path) -> None:
    (tmp_path / "image").write_bytes(b"x")
    storage = S3Storage(dataclasses.replace(bucket, secret_access_key="changed"), WEB)

    for call in (
        lambda: storage.save(KEY, tmp_path / "image"),
        lambda: storage.open(KEY),
        lambda: storage.fetch(KEY, tmp_path / "copy"),
        lambda: storage.delete(KEY),
        storage.used_bytes,
        storage.free_percent,
    ):
        with pytest.raises(StorageUnavailable):
            call()


def shortest_refusal(call: Callable[[], object], attempts: int = 3) -> float:
    """Return the seconds of the quickest of some failing calls: a busy machine can only make one longer."""
    durations = []
    for _ in range(attempts):
        begun = time.monotonic()
        with pytest.raises(StorageUnavailable):
            call()
        durations.append(time.monotonic() - begun)
    return min(durations)


def test_a_server_that_is_down_is_noticed_within_two_seconds(bucket: Bucket, tmp_path: Path) -> None:
    (tmp_path / "image").write_bytes(b"x")
    address = f"http://127.0.0.1:{free_port()}"
    storage = S3Storage(dataclasses.replace(bucket, endpoint_url=address), WEB)

    for call in (
        storage.check,
        lambda: storage.stat(KEY),
        lambda: storage.open(KEY),
        lambda: storage.save(KEY, tmp_path / "image"),
        lambda: storage.fetch(KEY, tmp_path / "copy"),
        lambda: storage.delete(KEY),
        storage.free_percent,
    ):
        assert shortest_refusal(call) < 2.5


def test_a_server_that_says_nothing_is_given_up_within_two_seconds(
    bucket: Bucket, silent_server: str, tmp_path: Path
) -> None:
    (tmp_path / "image").write_bytes(b"x")
    storage = S3Storage(dataclasses.replace(bucket, endpoint_url=silent_server), WEB)

    for call in (
        lambda: storage.save(KEY, tmp_path / "image"),
        lambda: storage.stat(KEY),
        storage.free_percent,
    ):
        assert shortest_refusal(call) < 2


def test_connections_that_were_closed_while_idle_do_not_matter(
    s3_server: S3Server, bucket: Bucket, stored: S3Storage
) -> None:
    with Proxy(s3_server.port) as way:
        storage = S3Storage(dataclasses.replace(bucket, endpoint_url=way.url), WEB)
        storage.stat(KEY)
        way.behave(Manner.RESETS)
        way.behave(Manner.PASSES)

        assert storage.stat(KEY).size_bytes == 10


def test_a_worker_waits_longer_for_a_server_that_says_nothing(bucket: Bucket, silent_server: str) -> None:
    patience = dataclasses.replace(WORKER, read_seconds=1.5, attempts=1)
    storage = S3Storage(dataclasses.replace(bucket, endpoint_url=silent_server), patience)

    assert shortest_refusal(lambda: storage.stat(KEY), attempts=1) > 1.4


def test_an_answer_that_breaks_off_is_an_outage(stored: S3Storage, bucket: Bucket) -> None:
    """A proxy that hangs up in the middle of an object."""
    with _proxy_that_hangs_up(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234") as address:
        file = S3Storage(dataclasses.replace(bucket, endpoint_url=address), WEB).open(KEY)
        with pytest.raises(StorageUnavailable), file:
            file.read()


def test_neither_way_holds_a_large_file_in_memory(bucket: Bucket, tmp_path: Path) -> None:
    """150 MB go up, come down and are streamed by a process that may take 80 MB more than at its start."""
    size = 150_000_000
    with (tmp_path / "large").open("wb") as file:
        file.truncate(size)
    program = f"""
import resource
from pathlib import Path
from upscaler.storage.s3 import S3Storage
from upscaler.storage.s3_client import WORKER, Bucket

storage = S3Storage(Bucket(**{dataclasses.asdict(bucket)!r}), WORKER)
storage.check()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
storage.save({KEY!r}, Path({str(tmp_path / "large")!r}))
storage.fetch({KEY!r}, Path({str(tmp_path / "copy")!r}))
total = 0
with storage.open({KEY!r}) as file:
    while block := file.read(1 << 16):
        total += len(block)
assert total == storage.stat({KEY!r}).size_bytes == {size}
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)
"""

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=600, check=False
    )

    assert done.returncode == 0, done.stderr
    assert int(done.stdout.splitlines()[-1]) < 80_000_000
    assert (tmp_path / "copy").stat().st_size == size


@contextlib.contextmanager
def _proxy_that_hangs_up(answer: bytes) -> Iterator[str]:
    program = (
        "import socket, sys\n"
        "server = socket.create_server(('127.0.0.1', 0))\n"
        "print(server.getsockname()[1], flush=True)\n"
        "while True:\n"
        "    connection, _ = server.accept()\n"
        "    connection.recv(65536)\n"
        f"    connection.sendall({answer!r})\n"
        "    connection.close()\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()
