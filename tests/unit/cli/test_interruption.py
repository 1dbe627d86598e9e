from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from config import ROOT

NUMBERS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


def run(code: str) -> tuple[int, list[str], str]:
    """Return exit status and output of a program that sends signals to itself.

    A process of its own: OpenVINO, which other tests load, leaves a stack for signals behind that is gone.
    """
    start = "import signal\nfrom upscaler.cli.interruption import interruption\nsend = signal.raise_signal\n"
    done = subprocess.run(
        [sys.executable, "-c", start + code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout.split(), done.stderr


@pytest.mark.parametrize("number", NUMBERS)
def test_a_first_signal_is_noted_and_a_second_one_ends_at_once(number: signal.Signals) -> None:
    status, heard, errors = run(f"""
with interruption() as interrupted:
    print(interrupted())
    send({int(number)})
    print(interrupted(), interrupted.status, flush=True)
    send({int(number)})
    print("goes on")
""")

    assert heard == ["False", "True", str(128 + number)]
    assert status != 0
    assert errors.endswith("KeyboardInterrupt\n")


@pytest.mark.parametrize("number", NUMBERS)
def test_afterwards_a_signal_does_what_it_did_before(number: signal.Signals) -> None:
    assert run(f"""
signal.signal({int(number)}, lambda *_: print("as before"))
with interruption():
    send({int(number)})
print("after")
send({int(number)})
""") == (0, ["after", "as", "before"], "")


def test_what_may_wait_for_long_ends_at_once() -> None:
    status, heard, errors = run("""
with interruption() as interrupted:
    with interrupted.at_once():
        pass
    try:
        with interrupted.at_once():
            send(signal.SIGTERM)
    except KeyboardInterrupt:
        print("ended", interrupted.status)
    with interrupted.at_once():
        print("begun")
""")

    assert heard == ["ended", "143"]
    assert status != 0
    assert errors.endswith("KeyboardInterrupt\n")


def test_a_signal_that_was_switched_off_stays_so() -> None:
    assert run("""
signal.signal(signal.SIGHUP, signal.SIG_IGN)
with interruption() as interrupted:
    send(signal.SIGHUP)
    print(interrupted(), interrupted.status)
""") == (0, ["False", "130"], "")
