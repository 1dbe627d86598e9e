"""The processor of this machine: its name, and the instructions that it knows."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_CPUINFO = Path("/proc/cpuinfo")
# The names of the lines: on x86-64, and on ARM, where a processor has no name there.
_NAMES = ("model name", "Processor", "CPU part")
_FLAGS = ("flags", "Features")


@dataclass(frozen=True)
class Processor:
    """A processor's name and the instructions beyond the basic ones, under Linux's names for them."""

    name: str
    flags: frozenset[str]


@cache
def processor(cpuinfo: Path = _CPUINFO) -> Processor:
    """Return the processor; where the system does not describe it, its kind and no instructions."""
    try:
        text = cpuinfo.read_text("utf-8", "replace")
    except OSError:
        text = ""
    # The first of several processors: those of one machine are alike, or differ in their speed only.
    lines = (line.partition(":") for line in text.split("\n\n")[0].splitlines())
    values = {name.strip(): value.strip() for name, _, value in lines}
    name = next(
        (values[key] for key in _NAMES if values.get(key)), platform.processor() or platform.machine()
    )
    flags = next((values[key] for key in _FLAGS if key in values), "")
    return Processor(name, frozenset(flags.split()))
