"""Pages of lists. A cursor names the last row of a page, so that new rows do not shift the next one."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, literal, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from upscaler.errors import UnusableParameter
from upscaler.models.types import UTCDateTime

Row = TypeVar("Row")

MAX_CURSOR = 300
# The largest whole number that both databases can compare with a column.
_LARGEST = 2**31 - 1


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Rows, and the cursor for the next ones; None on the last page."""

    items: Sequence[Row]
    next_cursor: str | None


def page_of(
    session: Session,
    query: Select[Any],
    order: Sequence[InstrumentedAttribute[Any]],
    *,
    cursor: str | None,
    limit: int,
    descending: bool = True,
) -> Page[Any]:
    """Return at most ``limit`` rows after ``cursor``. The columns of ``order`` together must be different for each row.

    Raises:
        UnusableParameter: the cursor was not made by ``page_of``.
    """
    if cursor:
        last = tuple_(
            *(literal(value, column.type) for value, column in zip(_read(cursor, order), order, strict=True))
        )
        query = query.where(tuple_(*order) < last if descending else tuple_(*order) > last)
    query = query.order_by(*(column.desc() if descending else column for column in order))
    rows = session.scalars(query.limit(limit + 1)).all()
    if len(rows) <= limit:
        return Page(rows, None)
    return Page(rows[:limit], _write([getattr(rows[limit - 1], column.key) for column in order]))


def _write(values: Sequence[Any]) -> str:
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).rstrip(b"=").decode()


def _read(cursor: str, order: Sequence[InstrumentedAttribute[Any]]) -> list[Any]:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return [_value(value, column) for value, column in zip(values, order, strict=True)]
    except (ValueError, TypeError, binascii.Error, OverflowError, RecursionError):
        raise UnusableParameter(name="cursor") from None


def _value(value: Any, column: InstrumentedAttribute[Any]) -> Any:
    if isinstance(column.type, UTCDateTime):
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None or not 1970 <= moment.year < 9999:
            raise ValueError
        return moment
    kind = column.type.python_type
    if type(value) is not kind or (kind is int and abs(value) > _LARGEST) or (kind is str and "\0" in value):
        raise ValueError
    return value
