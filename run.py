"""Start the whole service on this machine: database, admin, web server and worker. ``run:app`` is the WSGI application.

The parent only watches: web and worker are processes of their own, started again when they die, ended together.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import config as configuration

# A child that ends is started again after this many seconds, doubled each time it happens in a row.
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
# A child that has run this long is well: the next pause is short again.
WELL_AFTER_SECONDS = 60.0
# Children that have not ended this long after SIGTERM are killed.
STOP_SECONDS = 8.0
READY_SECONDS = 180.0
# gunicorn ends when one of its processes ends with this status; at any other it starts the next one, for ever.
LOAD_ERROR = 4
_PR_SET_PDEATHSIG = 1


class StartError(Exception):
    """The service cannot start; the text is one line that says why and what to do."""


@dataclass
class Child:
    """A process that belongs to the service."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    pause: float = FIRST_PAUSE_SECONDS
    start_again_at: float = 0.0
    environment: dict[str, str] = field(default_factory=dict)

    def start(self) -> None:
        """Start the process in a group of its own, so that Ctrl-C reaches the parent alone."""
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(
            self.command,
            cwd=configuration.ROOT,
            env={**os.environ, **self.environment},
            start_new_session=True,
            preexec_fn=_die_with_parent,  # noqa: PLW1509 - this process has one thread, so nothing can be locked
        )

    def watch(self) -> None:
        """Start the process again when it has ended."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.start_again_at:
                self.start()
            return
        code = self.process.poll()
        if code is None:
            if now - self.started_at > WELL_AFTER_SECONDS:
                self.pause = FIRST_PAUSE_SECONDS
            return
        print(
            f"The {self.name} process ended ({_reason(code)}); starting it again in {self.pause:.0f} s.",
            file=sys.stderr,
        )
        self.process = None
        self.start_again_at = now + self.pause
        self.pause = min(LONGEST_PAUSE_SECONDS, self.pause * 2)


def main() -> int:
    """Run the service until it is told to stop."""
    arguments = _parser().parse_args()
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    try:
        config = configuration.load()
        _check_folder(config.data_dir)
        _check_port(config.host, config.port)
        _check_storage(config)
        _prepare(config)
        return _serve(config, with_worker=arguments.part == "all")
    except (configuration.ConfigError, StartError) as error:
        print(f"ImageUpscalerPro cannot start: {error}", file=sys.stderr)
        return 1
    except _StopRequested:
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Start ImageUpscalerPro on this machine.")
    parser.add_argument(
        "part",
        nargs="?",
        choices=("all", "web"),
        default="all",
        help="all: web server and worker (the default); web: the web server alone, workers run on other machines",
    )
    return parser


def _serve(config: configuration.Config, *, with_worker: bool) -> int:
    children = [Child("web", web_command(config))]
    if with_worker:
        children.append(Child("worker", worker_command()))
    try:
        for child in children:
            child.start()
        _announce(config, children[0])
        while True:
            for child in children:
                child.watch()
            _pause(0.5)
    except _StopRequested:
        print("\nStopping ...", file=sys.stderr)
        return 0
    finally:
        _end(children)


def web_command(config: configuration.Config) -> list[str]:
    """Return the command line of the web server."""
    host = f"[{config.host}]" if ":" in config.host else config.host
    return [
        *(sys.executable, "-m", "gunicorn", "run:app"),
        *("--bind", f"{host}:{config.port}"),
        *("--worker-class", "gthread", "--workers", "1", "--threads", str(config.web_threads)),
        *("--graceful-timeout", "5", "--timeout", "120", "--log-level", "warning", "--no-control-socket"),
        # Longer than the minute for which proxies keep a connection: where the server closes it first, a request that
        # is just on its way gets no answer.
        *("--keep-alive", "75"),
    ]


def worker_command() -> list[str]:
    """Return the command line of the worker: Huey's own consumer."""
    # Without -m an idle consumer looks for work every 10 s only. Nothing is ever scheduled in the queue itself, so its
    # scheduler, which would look every second, may sleep (-s).
    consumer = [sys.executable, "-m", "huey.bin.huey_consumer", "upscaler.tasks.huey"]
    return [*consumer, "-n", "-q", "-m", "0.5", "-s", "60"]


def _check_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".write-test-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise StartError(
            f"cannot write to the folder {folder} ({error.strerror}). Set DATA_DIR to a folder that you may write to."
        ) from None


def _check_port(host: str, port: int) -> None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise StartError(
            f"cannot listen on {host} port {port} ({error.strerror}). Stop what uses it, or set another PORT or HOST."
        ) from None


def _check_storage(config: configuration.Config) -> None:
    """Make sure that pictures can be kept, before anybody sends one."""
    if config.storage_backend == "local":
        return
    # Imported here and not above, for the same reason as below.
    from upscaler.errors import StorageUnavailable  # noqa: PLC0415
    from upscaler.services.storages import build_storage  # noqa: PLC0415
    from upscaler.storage import StorageSettingsError  # noqa: PLC0415

    try:
        build_storage(config, "web").check()
    except StorageSettingsError as error:
        raise StartError(str(error)) from None
    except StorageUnavailable:
        where = config.s3_endpoint_url or "Amazon S3"
        raise StartError(
            f"the storage at {where} does not answer. Start it, or check S3_ENDPOINT_URL."
        ) from None


def _prepare(config: configuration.Config) -> None:
    """Bring the database up to date, in a process of its own, unless this very state was prepared before."""
    # Imported here and not above: `run:app` is imported by every web process, which has no use for it.
    from scripts.prepare import is_prepared  # noqa: PLC0415

    if is_prepared(config):
        return
    process = subprocess.Popen([sys.executable, "-m", "scripts.prepare"], cwd=configuration.ROOT)
    try:
        while process.poll() is None:
            _pause(0.05)
    finally:
        process.terminate()
        process.wait()
    if process.returncode != 0:
        raise StartError("the database could not be prepared; the lines above say why.")


def _announce(config: configuration.Config, web: Child) -> None:
    """Wait until the web server answers, and say where."""
    shown = config.host if config.host not in {"0.0.0.0", "::"} else "127.0.0.1"  # noqa: S104 - compared, not bound
    address = f"http://{f'[{shown}]' if ':' in shown else shown}:{config.port}"
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        # The address was put together above: it is always http.
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{address}/api/v1/health", timeout=5):  # noqa: S310
            print(f"ImageUpscalerPro is ready: open {address} and drop a picture on the page.")
            print(f"The console is at {address}/admin/login; press Ctrl-C to stop.", flush=True)
            return
        if web.process is not None and web.process.poll() is not None:
            raise StartError(f"the web server ended at once; see {config.logs_dir / 'web.log'}.")
        _pause(0.05)
    raise StartError(
        f"the web server did not answer within {READY_SECONDS:.0f} s; see {config.logs_dir / 'web.log'}."
    )


def _end(children: list[Child]) -> None:
    """End all children: ask first, then kill their whole groups."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    running = [child.process for child in children if child.process is not None]
    for process in running:
        process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for process in running:
        try:
            process.wait(timeout=max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
        # What a child has started is in its group; most of it has ended with the child.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _die_with_parent() -> None:
    """Have the kernel end this child when the parent is killed (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class _StopRequested(BaseException):
    """Raised between two steps when SIGINT or SIGTERM has come.

    Never from the signal itself: it may come while a lock is held, which would then be held for ever.
    """

    pending = False


def _stop(_number: int, _frame: FrameType | None) -> None:
    _StopRequested.pending = True


def _pause(seconds: float) -> None:
    time.sleep(seconds)
    if _StopRequested.pending:
        raise _StopRequested


def _reason(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"


def __getattr__(name: str) -> Any:
    # For WSGI servers: `gunicorn run:app`.
    if name != "app":
        raise AttributeError(name)
    # Only a web process needs these.
    from upscaler import create_app  # noqa: PLC0415
    from upscaler.storage import StorageSettingsError  # noqa: PLC0415

    try:
        app = create_app()
    except (configuration.ConfigError, StorageSettingsError) as error:
        print(f"ImageUpscalerPro cannot start: {error}", file=sys.stderr)
        raise SystemExit(LOAD_ERROR) from None
    globals()[name] = app
    return app


if __name__ == "__main__":
    sys.exit(main())
