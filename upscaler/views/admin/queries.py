"""The query string of a list: page, order and filters. Values that make no sense are ignored."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for
from werkzeug.datastructures import MultiDict

PAGE_SIZES = (25, 50, 100)
# More pages than any list has, and small enough for the offset of every database.
MAX_PAGE = 100_000
MAX_TEXT = 200


@dataclass(frozen=True)
class Field:
    """One field of a list's search form.

    Attributes:
        name: its name in the address.
        label: what stands above it.
        column: the column that the filter works on.
        filter: a class of ``filters``.
        kind: ``text``, ``date`` or ``choice``.
        choices: for a choice, a function that returns values and their labels.
        suggestions: for a text, a function that returns values to pick from.
        example: for a text, what stands in the empty field.
    """

    name: str
    label: Any
    column: str
    filter: type
    kind: str = "text"
    choices: Callable[[], Sequence[tuple[str, Any]]] | None = None
    suggestions: Callable[[], Sequence[str]] | None = None
    example: Any = ""


@dataclass(frozen=True)
class ListQuery:
    """A readable, bounded form of a list's query string.

    Attributes:
        endpoint: the list's endpoint, for links.
        page: counted from 0.
        page_size: rows a page.
        order: name of the column to sort by, "" for the list's own order.
        descending: the direction.
        values: what was typed, by name of the field; empty ones are left out.
    """

    endpoint: str
    page: int
    page_size: int
    order: str
    descending: bool
    values: Mapping[str, str]

    def link(self, **changes: Any) -> str:
        """Return the address of this list with other values; without ``page`` it leads to the first page."""
        sort = changes.get("sort", ("-" if self.descending else "") + self.order)
        size = changes.get("size", self.page_size)
        page = changes.get("page", 0)
        arguments: dict[str, Any] = {
            **self.values,
            "sort": sort or None,
            "size": size if size != PAGE_SIZES[0] else None,
            "page": page + 1 if page else None,
        }
        return url_for(self.endpoint, **arguments)

    def sort_link(self, column: str) -> str:
        """Return the address that sorts by a column, the other way round when it is sorted by it already."""
        return self.link(sort=column if self.order != column or self.descending else f"-{column}")


def read_query(
    arguments: MultiDict[str, str], endpoint: str, fields: Sequence[Field], order_columns: Sequence[str]
) -> ListQuery:
    """Read a query string; what is unknown or makes no sense is left out."""
    values = {}
    for field in fields:
        # PostgreSQL refuses to compare with a text that holds a NUL.
        value = arguments.get(field.name, "").replace("\0", "").strip()[:MAX_TEXT]
        allowed = {choice for choice, _ in field.choices()} if field.choices else None
        if value and (allowed is None or value in allowed):
            values[field.name] = value
    sort = arguments.get("sort", "")
    order = sort.removeprefix("-")
    size = _number(arguments.get("size", ""), PAGE_SIZES[0])
    return ListQuery(
        endpoint=endpoint,
        page=min(max(_number(arguments.get("page", ""), 1), 1), MAX_PAGE) - 1,
        page_size=size if size in PAGE_SIZES else PAGE_SIZES[0],
        order=order if order in order_columns else "",
        descending=order in order_columns and sort.startswith("-"),
        values=values,
    )


def _number(text: str, otherwise: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else otherwise
