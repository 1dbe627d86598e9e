"""Namespaces and privileges of a child."""

from __future__ import annotations

import os

import pytest

from tests.unit.engine.process.cage.conftest import RunCaged

ATTEMPTS = """
import os
from pathlib import Path

def try_interfaces(where):
    rows = Path("/proc/self/net/dev").read_text().splitlines()[2:]
    return sorted(row.split(":")[0].strip() for row in rows)

def try_user(where):
    return os.geteuid()

def try_capabilities(where):
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return [int(lines[name].strip(), 16) for name in ("CapEff", "CapPrm", "CapInh", "CapAmb")]

def try_become_root(where):
    os.setresuid(0, 0, 0)
"""


def test_it_sees_no_interface_but_its_own(run_caged: RunCaged) -> None:
    outcomes = run_caged(ATTEMPTS)

    if not outcomes["cage"]["network"]:
        pytest.skip("this machine lets its users make no namespaces")
    assert outcomes["interfaces"] == ["lo"]


def test_it_keeps_its_user_and_no_privileges(run_caged: RunCaged) -> None:
    outcomes = run_caged(ATTEMPTS)

    assert outcomes["user"] == os.geteuid()
    assert outcomes["capabilities"] == [0, 0, 0, 0]
    assert outcomes["become_root"] == "PermissionError"
