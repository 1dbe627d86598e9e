"""Files and connections under Landlock."""

from __future__ import annotations

import ctypes
import json
from pathlib import Path

import pytest

from tests.unit.engine.process.cage.conftest import RunCaged
from upscaler.engine.process.cage import landlock
from upscaler.engine.process.cage.policy import Cage

ATTEMPTS = """
from pathlib import Path

def try_read(where):
    return (Path(where["folder"]) / "file").read_text()

def try_write(where):
    (Path(where["folder"]) / "new").write_text("x")
    return "written"

def try_truncate(where):
    (Path(where["folder"]) / "file").open("r+").truncate(0)
    return "truncated"

def try_remove(where):
    (Path(where["folder"]) / "file").unlink()
    return "removed"

def try_link(where):
    (Path(where["folder"]) / "link").symlink_to("/etc/passwd")
    return "linked"
"""
DENIED = "PermissionError"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "folder"
    found.mkdir()
    (found / "file").write_text("content")
    return found


@pytest.fixture(autouse=True)
def kernel() -> None:
    if not landlock.version():
        pytest.skip("this kernel has no Landlock")


def test_a_folder_to_read_is_not_written_to(run_caged: RunCaged, folder: Path) -> None:
    outcomes = run_caged(ATTEMPTS, json.dumps({"folder": str(folder)}), Cage(reads=(str(folder),)))

    del outcomes["cage"]
    assert outcomes == {
        "read": "content",
        "write": DENIED,
        "truncate": DENIED,
        "remove": DENIED,
        "link": DENIED,
    }
    assert (folder / "file").read_text() == "content"


def test_a_folder_to_write_to_takes_files_but_no_links(run_caged: RunCaged, folder: Path) -> None:
    outcomes = run_caged(ATTEMPTS, json.dumps({"folder": str(folder)}), Cage(writes=(str(folder),)))

    del outcomes["cage"]
    assert outcomes == {
        "read": "content",
        "write": "written",
        "truncate": "truncated",
        "remove": "removed",
        "link": DENIED,
    }


def test_a_link_out_of_the_folder_leads_nowhere(run_caged: RunCaged, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("a secret")
    (folder / "file").unlink()
    (folder / "file").symlink_to(tmp_path / "secret")

    outcomes = run_caged(ATTEMPTS, json.dumps({"folder": str(folder)}), Cage(writes=(str(folder),)))

    assert outcomes["read"] == DENIED


def test_a_path_that_does_not_exist_needs_no_rule(run_caged: RunCaged, folder: Path) -> None:
    missing = str(folder / "missing")

    outcomes = run_caged(ATTEMPTS, json.dumps({"folder": str(folder)}), Cage(reads=(missing, str(folder))))

    assert outcomes["read"] == "content"


def test_a_kernel_without_it_binds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class WithoutLandlock:
        def syscall(self, *_: object) -> int:
            ctypes.set_errno(38)
            return -1

    monkeypatch.setattr(landlock, "_libc", WithoutLandlock())

    assert landlock.version() == 0
    assert landlock.restrict(Cage()) == 0
