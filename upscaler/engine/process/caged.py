"""The start of every child: it enters the cage before it loads what touches strangers' bytes.

Run as ``python -m upscaler.engine.process.caged LIFELINE CAGE MODULE ARGUMENT...``, it reports what holds of the cage,
as ``{"cage": {...}}``, and runs the module as a program.
"""

from __future__ import annotations

import runpy
import sys

from upscaler.engine.process import child_limits
from upscaler.engine.process.cage.enter import enter
from upscaler.engine.process.cage.policy import Cage
from upscaler.engine.process.protocol import send


def main(lifeline: str, cage: str, module: str, *arguments: str) -> None:
    """Enter the cage and run the module."""
    child_limits.die_with_parent(int(lifeline))
    child_limits.leave_signals_to_parent()
    child_limits.prefer_as_victim()
    send(sys.stdout.buffer, {"cage": enter(Cage.from_json(cage)).as_dict()})
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
