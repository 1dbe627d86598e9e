"""The options of an upload as controls of forms, in the language of the visitor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext

from upscaler.engine.option_kinds import Choice, Flag, Option, WholeNumber


@dataclass(frozen=True)
class Control:
    """A control of a form.

    Attributes:
        name: of the field.
        label: translated.
        value: the text that is set at first; empty for none.
        choices: each value with its translated label; empty where a number or a name is typed.
        allowed: the numbers that may be typed; None where it is not a number.
    """

    name: str
    label: str
    value: str
    choices: Sequence[tuple[str, str]] = ()
    allowed: range | None = None


def control_of(option: Option, value: Any, *, exact: bool = False) -> Control:
    """Return the control of an option that is set to ``value``.

    Args:
        option: a row of the table.
        value: one of its values, or None.
        exact: whether any number may be typed where the option has steps to choose from.

    """
    label, text, kind = gettext(option.label), text_of(value), option.kind
    if isinstance(kind, Choice):
        return Control(option.name, label, text, _translated(kind.labels))
    if isinstance(kind, Flag):
        choices = _translated({"true": kind.on, "false": kind.off})
        return Control(option.name, label, text, choices if option.default else choices[::-1])
    if not isinstance(kind, WholeNumber):
        return Control(option.name, label, text)
    if kind.steps and not exact:
        steps = {str(number): step for number, step in kind.steps.items()}
        return Control(option.name, label, text, _translated({"": kind.unset, **steps}))
    if not kind.unit:
        least, most = kind.allowed.start, kind.allowed.stop - 1
        label = gettext("%(label)s, %(least)s to %(most)s", label=label, least=least, most=most)
    return Control(option.name, label, text, allowed=kind.allowed)


def text_of(value: Any) -> str:
    """Return a value as the text that a form sends; None is empty."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _translated(labels: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(value, gettext(label)) for value, label in labels.items()]
