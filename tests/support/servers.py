"""Real servers for tests, each on a free port in a temporary folder, ended afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from tests.support.service import free_port


def missing(what: str) -> None:
    """Skip a test whose server is not installed; in CI that is a failure."""
    reason = f"{what} is not installed here (Debian: apt-get install {what})"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def postgresql() -> Iterator[str]:
    """Run a PostgreSQL server and yield the address of an empty database."""
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not binaries:
        missing("postgresql")
    tools = binaries[-1].parent
    # PostgreSQL refuses to run as root, and its own user may not enter pytest's folders.
    user = "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="upscaler-postgresql-"))
    if user:
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
    data, port = folder / "data", free_port()
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"

    def run(*command: str) -> None:
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
        subprocess.run(command, user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL, env=environment)

    try:
        run(str(tools / "initdb"), "-D", str(data), "-A", "trust", "-U", "postgres", "--no-sync")
        run(str(tools / "pg_ctl"), "-D", str(data), "-o", options, "-l", str(folder / "log"), "-w", "start")
        try:
            yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
        finally:
            run(str(tools / "pg_ctl"), "-D", str(data), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def redis_server(folder: Path, port: int | None = None) -> Iterator[str]:
    """Run a Redis server without persistence and yield its address."""
    program = shutil.which("redis-server")
    if program is None:
        missing("redis-server")
    port = port or free_port()
    command = [str(program), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            _wait_for_redis(port)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()


def _wait_for_redis(port: int) -> None:
    client = redis.Redis(port=port, retry=Retry(ConstantBackoff(0.05), 200))
    client.ping()
    client.close()
