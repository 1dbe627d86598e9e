"""Children end when their parent does, in the middle of whatever they do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

# The child holds the interpreter's lock in a native call, so that no thread and no Python handler could run.
CHILD = """
import ctypes, sys
from upscaler.engine.process import child_limits
child_limits.die_with_parent(int(sys.argv[1]))
child_limits.leave_signals_to_parent()
print("armed", flush=True)
ctypes.PyDLL(None).sleep(60)
"""


@pytest.fixture
def child():
    read_end, write_end = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(read_end)], pass_fds=(read_end,), stdout=subprocess.PIPE, text=True
    )
    os.close(read_end)
    assert process.stdout.readline() == "armed\n"
    time.sleep(0.05)
    yield process, write_end
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_child_in_a_native_call_ends_when_the_pipe_is_closed(child):
    process, write_end = child
    os.close(write_end)
    assert process.wait(3) == -signal.SIGIO


def test_a_child_leaves_ctrl_c_and_sigterm_to_its_parent(child):
    process, write_end = child
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.3)
    os.close(write_end)


def test_a_child_whose_parent_is_gone_already_ends_at_once():
    read_end, write_end = os.pipe()
    os.close(write_end)
    finished = subprocess.run(
        [sys.executable, "-c", CHILD, str(read_end)], pass_fds=(read_end,), timeout=20, check=False
    )
    os.close(read_end)
    assert finished.returncode == 1
