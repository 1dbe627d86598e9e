"""Folders of processes that have died, and of those that live."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from upscaler.services.files import workspace
from upscaler.services.files.workspace import Workspace

# Makes a folder with a file in it, says where, and waits to be ended.
CHILD = """
import sys
from pathlib import Path
from upscaler.services.files.workspace import Workspace
folder = Workspace(Path(sys.argv[1])).folder
(folder / "incoming").write_bytes(b"half an image")
print(folder, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def child(tmp_path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[4])},
    )


def folder_of(child: subprocess.Popen[str]) -> Path:
    assert child.stdout is not None
    return Path(child.stdout.readline().strip())


def end(child: subprocess.Popen[str], how: signal.Signals | None) -> None:
    if how is not None:
        child.send_signal(how)
    child.communicate(timeout=60)


def test_what_a_killed_process_left_is_removed_and_what_a_living_one_has_stays(
    child: subprocess.Popen[str], tmp_path: Path
) -> None:
    left = folder_of(child)
    workspace.remove_abandoned(tmp_path, grace_seconds=-1)
    assert (left / "incoming").exists(), "it lives"

    end(child, signal.SIGKILL)
    assert (left / "incoming").exists()
    workspace.remove_abandoned(tmp_path)
    assert left.exists(), "it may have been made this moment"
    workspace.remove_abandoned(tmp_path, grace_seconds=-1)

    assert not left.exists()


def test_who_comes_right_after_a_killed_process_removes_what_it_left_a_little_later(
    child: subprocess.Popen[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = folder_of(child)
    end(child, signal.SIGKILL)
    own = Workspace(tmp_path).folder
    assert left.exists(), "it may have been made this moment"

    monkeypatch.setattr(workspace, "GRACE_SECONDS", 0.5)
    workspace.remove_abandoned_later(tmp_path)

    deadline = time.monotonic() + 30
    while left.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not left.exists()
    assert own.is_dir()


def test_a_process_that_ends_takes_its_folder_with_it(child: subprocess.Popen[str], tmp_path: Path) -> None:
    left = folder_of(child)

    end(child, None)

    assert not left.exists()


def test_the_folder_is_the_same_until_somebody_removes_it(tmp_path: Path) -> None:
    own = Workspace(tmp_path / "scratch")
    first = own.folder
    assert own.folder == first

    for path in first.iterdir():
        path.unlink()
    first.rmdir()

    assert own.folder.is_dir()
    workspace.remove_abandoned(tmp_path / "scratch", grace_seconds=-1)
    assert own.folder.is_dir(), "it is locked again"


def test_other_folders_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "tiles").mkdir()

    workspace.remove_abandoned(tmp_path, grace_seconds=-1)

    assert (tmp_path / "tiles").is_dir()


def test_a_folder_that_somebody_removed_is_made_again_at_its_place(tmp_path: Path) -> None:
    own = Workspace(tmp_path)
    first = own.folder
    shutil.rmtree(first)

    assert own.folder == first
    assert first.is_dir()
    workspace.remove_abandoned(tmp_path, grace_seconds=-1)
    assert first.is_dir(), "it is locked again"
