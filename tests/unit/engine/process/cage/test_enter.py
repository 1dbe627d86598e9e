"""A decoder that a file has taken over gets nowhere from the cage."""

from __future__ import annotations

import ctypes.util
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.engine.process.cage import exploited_decoder
from tests.unit.engine.process.cage.conftest import RunCaged
from upscaler.engine.process.cage import landlock
from upscaler.engine.process.cage.enter import Confinement
from upscaler.engine.process.cage.policy import PACKAGE, Cage

EXPLOITED = Path(exploited_decoder.__file__).read_text()
# The parts of the cage each of which refuses an attempt. What no part refuses is not there to be taken.
REFUSED_BY: dict[str, tuple[str, ...]] = {
    "environment": (),
    "settings_file": ("files",),
    "database": ("files",),
    "change_database": ("files",),
    "image_of_others": ("files",),
    "list_images": ("files",),
    "code": ("files",),
    "users": ("files",),
    "home": ("files",),
    "leave_file": ("files",),
    "parents_environment": ("files",),
    "parents_memory": ("files",),
    "signal": ("system_calls",),
    "trace": ("system_calls",),
    "namespace": ("system_calls",),
    "tcp": ("system_calls", "network"),
    "abstract_socket": ("system_calls", "network"),
    "datagram": ("system_calls",),
    "named_socket": ("system_calls",),
    "program": ("system_calls", "files"),
}


@pytest.fixture
def where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """A machine as an attacker wants it: secrets in files, servers on sockets, a key in the environment."""
    monkeypatch.setenv("SECRET_KEY", "a secret")
    data = tmp_path / "data"
    data.mkdir()
    (tmp_path / ".env").write_text("SECRET_KEY=a secret")
    (data / "service.sqlite3").write_text("SQLite")
    (data / "image.png").write_text("an image")
    name = f"upscaler-test-{os.getpid()}"
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_UNIX) as named,
        socket.socket(socket.AF_UNIX) as abstract,
    ):
        named.bind(str(tmp_path / "s"))
        abstract.bind("\0" + name)
        named.listen()
        abstract.listen()
        yield {
            "settings": str(tmp_path / ".env"),
            "database": str(data / "service.sqlite3"),
            "other_image": str(data / "image.png"),
            "code": str(PACKAGE / "__init__.py"),
            "home": str(Path.home()),
            "parent": os.getpid(),
            "port": tcp.getsockname()[1],
            "socket": str(tmp_path / "s"),
            "abstract": name,
            "elsewhere": str(tmp_path / "left.txt"),
        }


def outside(where: dict[str, Any], tmp_path: Path) -> dict[str, Any]:
    """Return the outcomes of the same attempts without a cage."""
    done = subprocess.run(
        [sys.executable, "runner.py", json.dumps({**where, "parent": os.getpid()})],
        cwd=tmp_path / "code",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )
    outcomes: dict[str, Any] = json.loads(done.stdout)
    return outcomes


def failed(outcome: Any) -> bool:
    return outcome is None or (isinstance(outcome, str) and outcome.endswith("Error"))


def test_every_attempt_is_known() -> None:
    names = {name.removeprefix("try_") for name in vars(exploited_decoder) if name.startswith("try_")}
    assert names == set(REFUSED_BY)


@pytest.mark.parametrize("programs", [False, True])
def test_all_that_this_machine_can_do_holds(run_caged: RunCaged, programs: bool) -> None:
    holds = Confinement(**run_caged("", cage=Cage(programs=programs))["cage"])

    assert holds.files == landlock.version()
    filters = "seccomp" in Path("/proc/self/status").read_text().lower()
    assert holds.system_calls is bool(filters and ctypes.util.find_library("seccomp"))
    unshared = subprocess.run(["unshare", "--user", "--net", "true"], capture_output=True, check=False)
    assert holds.network is (unshared.returncode == 0)


def test_an_exploited_decoder_reaches_nothing(
    run_caged: RunCaged, where: dict[str, Any], tmp_path: Path
) -> None:
    image = tmp_path / "work"
    image.mkdir()

    outcomes = run_caged(EXPLOITED, json.dumps(where), Cage(writes=(str(image),)))

    holds = Confinement(**outcomes.pop("cage"))
    reached = {name: outcome for name, outcome in outcomes.items() if not failed(outcome)}
    expected = {
        name
        for name, parts in REFUSED_BY.items()
        if parts and not any(getattr(holds, part) for part in parts)
    }
    assert set(reached) <= expected, reached


def test_without_the_cage_it_would(run_caged: RunCaged, where: dict[str, Any], tmp_path: Path) -> None:
    run_caged(EXPLOITED, json.dumps(where))

    outcomes = outside(where, tmp_path)

    # A container or a kernel may refuse these to everybody.
    for name in ("namespace", "trace", "parents_memory"):
        outcomes.pop(name)
    assert [name for name, outcome in outcomes.items() if failed(outcome)] == []


def test_what_the_child_is_for_is_permitted(run_caged: RunCaged, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "in").write_text("an image")
    source = """
import mmap, os, socket, subprocess, tempfile, threading
from pathlib import Path

def try_read(where):
    return (Path(where["folder"]) / "in").read_text()

def try_write(where):
    path = Path(where["folder"]) / "out"
    path.write_text("a result")
    return oct(path.stat().st_mode & 0o777)

def try_replace(where):
    folder = Path(where["folder"])
    (folder / "part").write_text("x")
    (folder / "part").replace(folder / "whole")
    return (folder / "whole").read_text()

def try_temporary_file(where):
    with tempfile.TemporaryFile(dir=where["folder"]) as file:
        os.posix_fallocate(file.fileno(), 0, 4096)
        mmap.mmap(file.fileno(), 4096)[:1] = b"x"
        return "mapped"

def try_threads(where):
    seen = []
    thread = threading.Thread(target=seen.append, args=("ran",))
    thread.start()
    thread.join()
    return seen[0]

def try_library(where):
    import numpy
    return int(numpy.ones(3).sum())

def try_program(where):
    return subprocess.run(["/bin/echo", "started"], capture_output=True, text=True, check=True).stdout.strip()

def try_privileges(where):
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return lines["CapEff"].strip("\\t 0") + lines["NoNewPrivs"].strip()
"""
    values = json.dumps({"folder": str(folder)})

    outcomes = run_caged(source, values, Cage(writes=(str(folder),), programs=True))

    del outcomes["cage"]
    assert outcomes == {
        "read": "an image",
        "write": "0o600",
        "replace": "x",
        "temporary_file": "mapped",
        "threads": "ran",
        "library": 3,
        "program": "started",
        "privileges": "1",
    }


def test_programs_that_it_starts_are_in_the_same_cage(run_caged: RunCaged, where: dict[str, Any]) -> None:
    source = """
import subprocess, sys

def try_settings_file(where):
    code = "import sys; print(open(sys.argv[1]).read())"
    command = [sys.executable, "-c", code, where["settings"]]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout

def try_tcp(where):
    code = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1])), 5)"
    command = [sys.executable, "-c", code, str(where["port"])]
    return subprocess.run(command, capture_output=True, check=True).returncode
"""
    outcomes = run_caged(source, json.dumps(where), Cage(programs=True))

    holds = Confinement(**outcomes.pop("cage"))
    assert failed(outcomes["settings_file"]) is bool(holds.files)
    assert failed(outcomes["tcp"]) is (holds.system_calls or holds.network)


def test_it_names_what_does_not_hold() -> None:
    assert Confinement(files=0, system_calls=True, network=False).lacking == ["Landlock", "namespaces"]
    assert Confinement(files=3, system_calls=True, network=True).lacking == []
