"""Output to the terminal: lines that any terminal or pipe can take."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TextIO

# Blanks and joiners that names have, and that every terminal takes.
_HARMLESS = frozenset("\u00a0\u202f\u200c\u200d")


def prepare() -> None:
    """Have characters that the encoding of the terminal lacks printed as escapes."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def shown(text: object) -> str:
    """Return a name as it can be printed in one line: what is not printable becomes an escape."""
    return "".join(
        character
        if character.isprintable() or character in _HARMLESS
        else character.encode("unicode_escape", "backslashreplace").decode("ascii")
        for character in str(text)
    )


def say(text: str) -> None:
    """Print one line to standard output, and flush it; nothing is lost when nobody reads it."""
    _print(text, sys.stdout)


def complain(text: str) -> None:
    """Print one line to standard error."""
    _print(f"upscaler: {text}", sys.stderr)


def _print(text: str, stream: TextIO | None) -> None:
    """Print to a stream that may be closed or full, or whose reader may have left: work goes on without it."""
    if stream is None:
        return
    try:
        print(text, file=stream, flush=True)
    except (OSError, ValueError) as error:
        if stream is sys.stdout and not isinstance(error, BrokenPipeError):
            complain(f"standard output: {getattr(error, 'strerror', None) or error}")
        # What is in the buffer would be written again at the end of the program, and fail again.
        with suppress(OSError, ValueError):
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, stream.fileno())
            os.close(null)


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows as a table, each column as wide as its widest cell."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
