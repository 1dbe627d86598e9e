"""Values of arguments: one that cannot be used is noted, so that one message names all of them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from upscaler.engine.option_kinds import Name, WholeNumber


@dataclass(frozen=True)
class Wrong:
    """An unusable value, in place of the value; ``reason`` names the argument."""

    reason: str


def one_of(flag: str, choices: Collection[str]) -> Callable[[str], str | Wrong]:
    """Return a function that reads one of the choices."""

    def read(text: str) -> str | Wrong:
        if text in choices:
            return text
        return Wrong(f"argument {flag}: invalid choice: {text!r} (choose from {', '.join(choices)})")

    return read


def number_of(flag: str, kind: WholeNumber) -> Callable[[str], int | Wrong]:
    """Return a function that reads one of the numbers."""

    def read(text: str) -> int | Wrong:
        number = kind.read(text)
        return number if kind.accepts(number) else Wrong(f"argument {flag}: must be {kind.expected}")

    return read


def name_of(flag: str, kind: Name) -> Callable[[str], str | Wrong]:
    """Return a function that reads a name."""

    def read(text: str) -> str | Wrong:
        return text if kind.accepts(text) else Wrong(f"argument {flag}: invalid name: {text!r}")

    return read


def parse(
    parser: argparse.ArgumentParser,
    arguments: Sequence[str] | None,
    conflicts: Callable[[argparse.Namespace], Iterable[str]],
) -> argparse.Namespace:
    """Return the arguments; exit with 2 and one message that names all of those that cannot be used.

    Args:
        parser: whose values are read by the functions of this module.
        arguments: of the command line.
        conflicts: yields what is wrong with arguments together, one phrase for each.

    """
    chosen, unknown = parser.parse_known_args(arguments)
    reasons = [value.reason for value in vars(chosen).values() if isinstance(value, Wrong)]
    if unknown:
        reasons.append(f"unrecognized arguments: {' '.join(unknown)}")
    reasons += conflicts(chosen)
    if reasons:
        parser.error("; ".join(reasons))
    return chosen
