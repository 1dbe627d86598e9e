"""The filter of system calls."""

from __future__ import annotations

import sys

import pytest

from tests.unit.engine.process.cage.conftest import RunCaged
from upscaler.engine.process.cage import system_calls


def test_a_call_that_is_denied_fails_and_the_process_goes_on(run_caged: RunCaged) -> None:
    outcomes = run_caged(
        """
import os, signal, socket

def try_socket(where):
    socket.socket()

def try_netlink(where):
    socket.socket(socket.AF_NETLINK)

def try_pair(where):
    with socket.socketpair()[0] as one:
        return "made"

def try_signal_itself(where):
    signal.signal(signal.SIGUSR1, lambda *_: None)
    os.kill(os.getpid(), signal.SIGUSR1)
    return "sent"

def try_signal_group(where):
    os.kill(0, 0)

def try_signal_all(where):
    os.kill(-1, 0)

def try_change_user(where):
    os.setuid(os.getuid())
"""
    )

    if not outcomes["cage"]["system_calls"]:
        pytest.skip("this kernel, or this machine's libseccomp, cannot filter system calls")
    del outcomes["cage"]
    assert outcomes == {
        "socket": "PermissionError",
        "netlink": "PermissionError",
        "pair": "made",
        "signal_itself": "sent",
        "signal_group": "PermissionError",
        "signal_all": "PermissionError",
        "change_user": "PermissionError",
    }


def test_without_the_library_the_rest_of_the_cage_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    # None in this table makes an import fail.
    monkeypatch.setitem(sys.modules, "pyseccomp", None)

    assert system_calls.restrict(programs=False) is False
