from __future__ import annotations

import os
import signal

import pytest

from upscaler.engine.process.cage.policy import Cage
from upscaler.engine.process.subprocess import ChildDiedError, ChildProcess

# A module of the standard library that prints verses: no message of the protocol.
NOT_A_HOST = "this"


def test_a_child_that_does_not_speak_the_protocol_is_dead_to_us():
    child = ChildProcess(NOT_A_HOST, cage=Cage())
    with pytest.raises(ChildDiedError):
        child.receive(20)
    assert "not a message" in child.log_tail
    child.kill()


def test_a_module_that_does_not_exist_logs_why_it_ended():
    child = ChildProcess("upscaler.no_such_module", cage=Cage())
    with pytest.raises(ChildDiedError, match="exit status 1"):
        child.receive(20)
    child.kill()
    assert "no_such_module" in child.log_tail
    assert not child.running


def test_ending_twice_is_harmless_and_leaves_no_open_files():
    before = set(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names are all that is wanted
    child = ChildProcess("upscaler.engine.process.inspector_child", [str(1 << 30)], cage=Cage())
    assert child.receive(30) == {"ready": True}
    child.end(5)
    child.end(5)
    child.kill()
    assert not child.running
    assert set(os.listdir("/proc/self/fd")) == before  # noqa: PTH208 - as above


def test_a_killed_child_is_named_by_its_signal():
    child = ChildProcess("upscaler.engine.process.inspector_child", [str(1 << 30)], cage=Cage())
    assert child.receive(30) == {"ready": True}
    os.kill(child.pid, signal.SIGSEGV)
    with pytest.raises(ChildDiedError, match="SIGSEGV"):
        child.receive(5)
    with pytest.raises(ChildDiedError, match="SIGSEGV"):
        child.send({"do": "anything"})
    child.kill()


def test_answers_go_to_their_request_and_late_ones_nowhere(tmp_path, monkeypatch):
    (tmp_path / "echo_host.py").write_text(
        "import sys\nfor line in sys.stdin:\n    sys.stdout.write(line)\n    sys.stdout.flush()\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    child = ChildProcess("echo_host", cage=Cage())
    with child.urgent_request() as gone:
        pass
    with child.urgent_request() as first, child.urgent_request() as second:
        for request_id in (second, gone, first):
            child.send({"request_id": request_id, "to": request_id})
        child.send({"to": "everybody"})
        assert child.receive(20) == {"to": "everybody"}
        assert child.receive(20, first) == {"to": first}
        assert child.receive(20, second) == {"to": second}
        child.kill()
        for request_id in (first, second):
            with pytest.raises(ChildDiedError, match="SIGKILL"):
                child.receive(20, request_id)
    with child.urgent_request() as late, pytest.raises(ChildDiedError, match="SIGKILL"):
        child.receive(20, late)


def test_a_child_that_dies_is_missed_even_if_something_it_started_holds_its_output(
    tmp_path, monkeypatch, ends
):
    (tmp_path / "forking_host.py").write_text(
        "import os, sys, time\n"
        "other = os.fork()\n"
        "if other == 0:\n    time.sleep(600)\n"
        "print('{\"other\": %d}' % other, flush=True)\n"
        "time.sleep(600)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    child = ChildProcess("forking_host", cage=Cage())
    other = child.receive(30)["other"]

    os.kill(child.pid, signal.SIGKILL)
    with pytest.raises(ChildDiedError, match="SIGKILL"):
        child.receive(60)

    child.kill()
    assert ends(other)
