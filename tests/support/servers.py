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


class PostgreSQLServer:
    """A server in a folder of its own, which can be stopped and started again with its data.

    It listens on ``host`` and takes connections from ``network``.
    """

    def __init__(self, host: str = "127.0.0.1", network: str = "127.0.0.1/32") -> None:
        binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        if not binaries:
            missing("postgresql")
        self._tools = binaries[-1].parent
        # PostgreSQL refuses to run as root, and its own user may not enter pytest's folders.
        self._user = "postgres" if os.geteuid() == 0 else None
        self._folder = Path(tempfile.mkdtemp(prefix="upscaler-postgresql-"))
        if self._user:
            os.chown(self._folder, pwd.getpwnam(self._user).pw_uid, -1)
        self._host, self._network, self.port = host, network, free_port()
        self.url = f"postgresql://postgres@{host}:{self.port}/postgres"

    def __enter__(self) -> PostgreSQLServer:
        try:
            self._run("initdb", "-D", self._data, "-A", "trust", "-U", "postgres", "--no-sync")
            with (self._folder / "data" / "pg_hba.conf").open("a") as rules:
                rules.write(f"host all all {self._network} trust\n")
            self.start()
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.stop()
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)

    def start(self) -> None:
        """Start, and return once it takes connections."""
        address = f"-p {self.port} -c listen_addresses={self._host} -c unix_socket_directories={self._folder}"
        options = f"{address} -c fsync=off"
        self._run("pg_ctl", "-D", self._data, "-o", options, "-l", str(self._folder / "log"), "-w", "start")

    def stop(self) -> None:
        """Stop at once, as a crash would."""
        self._run("pg_ctl", "-D", self._data, "-m", "immediate", "-w", "stop")

    @property
    def _data(self) -> str:
        return str(self._folder / "data")

    def _run(self, tool: str, *arguments: str) -> None:
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
        command = [str(self._tools / tool), *arguments]
        subprocess.run(
            command, user=self._user, cwd=self._folder, check=True, stdout=subprocess.DEVNULL, env=environment
        )


class RedisServer:
    """A server without persistence, which can be killed and started again, empty then."""

    def __init__(self, folder: Path, port: int | None = None, host: str = "127.0.0.1") -> None:
        program = shutil.which("redis-server")
        if program is None:
            missing("redis-server")
        self.host, self.port = host, port or free_port()
        self.url = f"redis://{host}:{self.port}/0"
        # Where it is not loopback it is a bridge without other hosts.
        address = ["--port", str(self.port), "--bind", host, "--protected-mode", "no"]
        self._command = [str(program), *address, "--save", "", "--dir", str(folder)]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> RedisServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start, and return once it answers."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        _wait_for_redis(self.host, self.port)

    def kill(self) -> None:
        """End it at once, and all that it holds is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextmanager
def redis_server(folder: Path, port: int | None = None) -> Iterator[str]:
    """Run a Redis server without persistence and yield its address."""
    with RedisServer(folder, port) as server:
        yield server.url


def _wait_for_redis(host: str, port: int) -> None:
    client = redis.Redis(host, port, retry=Retry(ConstantBackoff(0.05), 200))
    client.ping()
    client.close()
