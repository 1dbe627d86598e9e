"""Options of an upload as data: the kinds of values that they take, their names, labels and descriptions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from upscaler.errors import InvalidParameter, UnusableParameter

_TRUE, _FALSE = frozenset({"true", "1", "yes", "on"}), frozenset({"false", "0", "no", "off"})
# A number with more digits is refused before it is read: a million of them take their time.
_MAX_DIGITS = 9


@dataclass(frozen=True)
class Choice:
    """One of several named values.

    Attributes:
        labels: each value with its label, marked for translation.
        special: further values, which are only valid together with another option and not offered by themselves.
    """

    labels: Mapping[str, str]
    special: tuple[str, ...] = ()

    @property
    def expected(self) -> str:
        """The values as a refusal lists them."""
        return ", ".join(self.labels)

    def accepts(self, value: object) -> bool:
        """Return whether ``value`` is one of the set."""
        return isinstance(value, str) and (value in self.labels or value in self.special)

    def read(self, text: str) -> Any:
        """Return the value that ``text`` stands for."""
        return text


@dataclass(frozen=True)
class Flag:
    """True or false, with the label of each, marked for translation."""

    on: str
    off: str

    expected = "true, false"

    def accepts(self, value: object) -> bool:
        """Return whether ``value`` is true or false."""
        return isinstance(value, bool)

    def read(self, text: str) -> Any:
        """Return the value that ``text`` stands for, or the text itself, which ``accepts`` then refuses."""
        lowered = text.lower()
        return lowered in _TRUE if lowered in _TRUE | _FALSE else text


@dataclass(frozen=True)
class WholeNumber:
    """A whole number.

    Attributes:
        allowed: the numbers.
        unit: what they count, empty for a plain scale.
        steps: the numbers that a form offers, with their labels, marked for translation; empty where it offers all.
        unset: the label of the choice of none of them, where there are ``steps``.
    """

    allowed: range
    unit: str = ""
    steps: Mapping[int, str] = field(default_factory=dict)
    unset: str = ""

    @property
    def expected(self) -> str:
        """The numbers as a refusal lists them."""
        return f"{self.allowed.start}-{self.allowed.stop - 1}"

    def accepts(self, value: object) -> bool:
        """Return whether ``value`` is one of the numbers."""
        return isinstance(value, int) and not isinstance(value, bool) and value in self.allowed

    def read(self, text: str) -> Any:
        """Return the number that ``text`` stands for, or the text itself, which ``accepts`` then refuses."""
        return int(text) if text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS else text


@dataclass(frozen=True)
class Name:
    """A name that matches ``pattern`` in full."""

    pattern: re.Pattern[str]

    # There is no list of names that a refusal could give.
    expected = ""

    def accepts(self, value: object) -> bool:
        """Return whether ``value`` can be a name."""
        return isinstance(value, str) and self.pattern.fullmatch(value) is not None

    def read(self, text: str) -> Any:
        """Return the name that ``text`` stands for."""
        return text


Kind = Choice | Flag | WholeNumber | Name


@dataclass(frozen=True)
class Option:
    """One option of an upload.

    Attributes:
        kind: the values that it takes.
        label: its name in forms, marked for translation.
        help: its effect, for the description of the API and for the command line.
        flag: its name on the command line, where that is shorter.
        on_page: whether the upload form offers it.
        in_preview: whether it changes a preview.
        in_quote: whether it changes the size, the file or the time of a result.
        operator_default: whether the operator of a service sets its default.
        name: of the parameter; set from the field that the option describes, as are the next two.
        required: whether there is no default.
        default: the value where none is sent; None leaves the choice to the engine.
    """

    kind: Kind
    label: str
    help: str
    flag: str = ""
    on_page: bool = True
    in_preview: bool = False
    in_quote: bool = True
    operator_default: bool = False
    name: str = ""
    required: bool = False
    default: Any = None

    @property
    def optional(self) -> bool:
        """Whether None is a value as well."""
        return not self.required and self.default is None

    def refusal(self, value: object) -> InvalidParameter | None:
        """Return the error where ``value`` is none of the option's. None is valid where it is the default."""
        if self.kind.accepts(value) or (value is None and self.optional):
            return None
        if not self.kind.expected:
            return UnusableParameter(name=self.name)
        return InvalidParameter(name=self.name, value=value, choices=self.kind.expected)
