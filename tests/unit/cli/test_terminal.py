from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from config import ROOT
from upscaler.cli.terminal import complain, print_table


def test_a_complaint_goes_to_standard_error_and_names_the_program(capsys: pytest.CaptureFixture[str]) -> None:
    complain("no such image")

    assert capsys.readouterr() == ("", "upscaler: no such image\n")


def test_columns_are_as_wide_as_their_widest_cells(capsys: pytest.CaptureFixture[str]) -> None:
    print_table([("name", "scale", "licence"), ("waifu2x", "2x", ""), ("a", "16x", "MIT")])

    assert capsys.readouterr().out.splitlines() == [
        "name     scale  licence",
        "waifu2x  2x",
        "a        16x    MIT",
    ]


def run(code: str) -> tuple[int, list[str]]:
    """Return the exit status and the output of a program that interrupts itself.

    A process of its own: OpenVINO, which other tests load, leaves a stack for signals behind that is gone.
    """
    start = "import signal\nfrom upscaler.cli.terminal import interruption\n"
    press = "def press():\n    signal.raise_signal(signal.SIGINT)\n"
    done = subprocess.run(
        [sys.executable, "-c", start + press + code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout.split()


def test_ctrl_c_is_noted_once_and_the_second_ends_the_program() -> None:
    status, heard = run("""
with interruption() as interrupted:
    print(interrupted())
    press()
    print(interrupted(), flush=True)
    press()
    print("goes on")
""")

    assert heard == ["False", "True"]
    assert status == -signal.SIGINT


@pytest.mark.parametrize("presses", [0, 1])
def test_afterwards_ctrl_c_does_what_it_did_before(presses: int) -> None:
    assert run(f"""
signal.signal(signal.SIGINT, lambda *_: print("as before"))
with interruption():
    for _ in range({presses}):
        press()
print("after")
press()
""") == (0, ["after", "as", "before"])
