"""Start the service on this machine: database, admin, web server and workers.

The parent only supervises: web server and workers are processes of their own, restarted when they end unexpectedly
and stopped together.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import config as configuration
from scripts import host_workers
from scripts.children import Child, StopRequested, end, note_stop, pause
from scripts.prepare import is_prepared
from upscaler.engine.settings import available_threads

READY_SECONDS = 180.0


class StartError(Exception):
    """The service cannot start; the text is one line that says why and what to do."""


def main() -> int:
    """Run the service until it is stopped."""
    arguments = _parser().parse_args()
    # Whatever this process and its children write holds images or secrets.
    os.umask(0o077)
    signal.signal(signal.SIGTERM, note_stop)
    signal.signal(signal.SIGINT, note_stop)
    try:
        config = configuration.load()
        _check_folder(config.data_dir)
        if arguments.part != "worker":
            _check_port(config.host, config.port)
        _check_storage(config, may_be_unavailable=arguments.part == "worker")
        if arguments.part != "worker":
            _prepare(config)
        return _serve(config, arguments.part)
    except (configuration.ConfigError, StartError) as error:
        print(f"ImageUpscalerPro cannot start: {error}", file=sys.stderr)
        return 1
    except StopRequested:
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Start ImageUpscalerPro on this machine.")
    parser.add_argument(
        "part",
        nargs="?",
        choices=("all", "web", "worker"),
        default="all",
        help="all: web server and workers (the default); web: the web server alone; worker: the workers alone, for a "
        "database that a web server of the fleet has prepared",
    )
    return parser


def _serve(config: configuration.Config, part: str) -> int:
    running: list[Child] = []
    try:
        if part != "worker":
            running.append(Child("web", web_command()))
            running[0].start()
        if part != "web":
            for worker in _workers(config):
                running.append(worker)
                worker.start()
        if part == "worker":
            print(f"{len(running)} worker(s) started; press Ctrl-C to stop.", flush=True)
        else:
            _report_ready(config, running[0])
        while True:
            for child in running:
                child.watch()
            pause(0.5)
    except StopRequested:
        print("\nStopping ...", file=sys.stderr)
        return 0
    finally:
        end(running)


def _workers(config: configuration.Config) -> list[Child]:
    plan = host_workers.environments(config, host_workers.real_gpus(config), available_threads())
    names = ["worker"] if len(plan) == 1 else [f"worker {number + 1}" for number in range(len(plan))]
    command = host_workers.worker_command()
    return [Child(name, command, environment=values) for name, values in zip(names, plan, strict=True)]


def web_command() -> list[str]:
    """Return the command line of the web server."""
    return [sys.executable, "-m", "upscaler.web"]


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


def _check_storage(config: configuration.Config, *, may_be_unavailable: bool) -> None:
    """Check that images can be stored, before one is sent. Workers wait for a storage that is unavailable."""
    if config.storage_backend == "local":
        return
    # A local storage needs none of these, and this process is to start quickly.
    from upscaler.errors import StorageUnavailable  # noqa: PLC0415
    from upscaler.services.registry import Services  # noqa: PLC0415
    from upscaler.storage import StorageSettingsError  # noqa: PLC0415

    try:
        storage = Services.from_config(config).storage
        storage.check()
    except StorageSettingsError as error:
        raise StartError(str(error)) from None
    except StorageUnavailable:
        if may_be_unavailable:
            return
        raise StartError(
            f"the storage at {storage.location} does not answer. Start it, or check the settings of the storage."
        ) from None


def _prepare(config: configuration.Config) -> None:
    """Bring the database up to date, in a process of its own, unless this state was prepared before."""
    if is_prepared(config):
        return
    process = subprocess.Popen([sys.executable, "-m", "scripts.prepare"], cwd=configuration.ROOT)
    try:
        while process.poll() is None:
            pause(0.05)
    finally:
        process.terminate()
        process.wait()
    if process.returncode != 0:
        raise StartError("the database could not be prepared; the lines above say why.")


def _report_ready(config: configuration.Config, web: Child) -> None:
    """Wait until the web server answers, and print its address."""
    shown = config.host if config.host not in {"0.0.0.0", "::"} else "127.0.0.1"  # noqa: S104 - compared, not bound
    address = f"http://{f'[{shown}]' if ':' in shown else shown}:{config.port}"
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        # The address was built above: it is always http.
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{address}/api/v1/health", timeout=5):  # noqa: S310
            print(f"ImageUpscalerPro is ready: open {address} and drop an image on the page.")
            print(f"The console is at {address}/admin/login; press Ctrl-C to stop.", flush=True)
            return
        if web.process is not None and web.process.poll() is not None:
            raise StartError(f"the web server ended at once; see {config.logs_dir / 'web.log'}.")
        pause(0.05)
    raise StartError(
        f"the web server did not answer within {READY_SECONDS:.0f} s; see {config.logs_dir / 'web.log'}."
    )


if __name__ == "__main__":
    sys.exit(main())
