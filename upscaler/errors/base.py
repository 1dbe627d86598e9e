"""The base of all errors, and how their words are marked for translation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar, overload

First = TypeVar("First")
Second = TypeVar("Second")
Third = TypeVar("Third")


def N_(message: str) -> str:  # noqa: N802 - the name that gettext's tools use for "mark, translate later"
    """Mark a message for the translation catalogue; return it unchanged."""
    return message


class UpscalerError(Exception):
    """Base of the tree.

    Attributes:
        status: HTTP status code.
        code: stable, machine-readable name, listed in ``docs/api.md``.
        title: short English summary, the same for every occurrence of the code.
        message: English template of what happened and what to do, with ``%(name)s`` placeholders.
        values: what fills the placeholders; those without one are for the operator alone.
        parameter: name of the parameter at fault, where one is; in the class, a template as ``message`` is.
        related: further errors of the same request.
    """

    status = 500
    code = "internal_error"
    title = N_("Internal error")
    message = N_("Something went wrong on our side. Try again in a moment.")
    parameter: str | None = None
    related: tuple[UpscalerError, ...] = ()

    def __init__(self, message: str | None = None, **values: Any) -> None:
        self.message = message if message is not None else type(self).message
        self.values = values
        template = type(self).parameter
        self.parameter = template % values if template else None
        super().__init__(self.internal_detail)

    @property
    def detail(self) -> str:
        """The message in English, filled in."""
        return self.message % self.values if self.values else self.message

    @property
    def internal_detail(self) -> str:
        """The same, and the value ``reason`` where the message leaves it out: for logs and operators."""
        reason = self.values.get("reason")
        return f"{self.detail} ({reason})" if reason and "%(reason)s" not in self.message else self.detail


def combined(errors: Sequence[UpscalerError]) -> UpscalerError:
    """Return the first of several errors of one request, with the others in ``related``: one for each parameter."""
    first, *others = [found for error in errors for found in (error, *error.related)]
    named, related = {first.parameter}, []
    for error in others:
        if error.parameter is None or error.parameter not in named:
            related.append(error)
            named.add(error.parameter)
    first.related = tuple(related)
    return first


@overload
def gathered(first: Callable[[], First], second: Callable[[], Second], /) -> tuple[First, Second]: ...
@overload
def gathered(
    first: Callable[[], First], second: Callable[[], Second], third: Callable[[], Third], /
) -> tuple[First, Second, Third]: ...
@overload
def gathered(*parts: Callable[[], First]) -> tuple[First, ...]: ...


def gathered(*parts: Callable[[], Any]) -> tuple[Any, ...]:
    """Return the values of all parts of a request, which are read one after another.

    Raises:
        UpscalerError: the errors of all parameters at fault, ``combined``; any other error ends the reading at once.
    """
    values, found = [], []
    for part in parts:
        try:
            values.append(part())
        except UpscalerError as error:
            if error.parameter is None:
                raise
            found.append(error)
    if found:
        raise combined(found)
    return tuple(values)
