"""Pages of lists in requests and responses, and moments in queries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from typing import Any, ClassVar, TypeVar

from flask import jsonify
from flask.typing import ResponseReturnValue
from marshmallow import Schema, ValidationError, fields, validate

from upscaler.services.paging import MAX_CURSOR, Page

Row = TypeVar("Row")

DEFAULT_LIMIT = 25
MAX_LIMIT = 100
# Moments that exist in every time zone, and have a next day.
EARLIEST = datetime(1970, 1, 1, tzinfo=timezone.utc)
LATEST = datetime(9998, 12, 31, tzinfo=timezone.utc)


class PageQuery(Schema):
    """Page of a list."""

    limit = fields.Integer(
        load_default=DEFAULT_LIMIT,
        validate=validate.Range(1, MAX_LIMIT),
        metadata={"description": "rows in one answer"},
    )
    cursor = fields.String(
        load_default=None,
        validate=validate.Length(1, MAX_CURSOR),
        metadata={"description": "`next_cursor` of the answer before"},
    )


class PageSchema(Schema):
    """A part of a list; ``items`` is added by each list."""

    next_cursor = fields.String(
        required=True, allow_none=True, metadata={"description": "for the next rows; null at the end"}
    )


class Moment(fields.Field):
    """A moment such as ``2025-12-07T12:34:56Z``, or a day such as ``2025-12-07``, which begins in UTC."""

    SCHEMA: ClassVar = {
        "anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}],
        "description": "a day or a moment, from 1970 to 9998",
    }

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> datetime:
        try:
            text = str(value)
            if len(text) == 10:
                moment = datetime.combine(date.fromisoformat(text), datetime.min.time(), timezone.utc)
            else:
                # Python 3.10 does not read the Z.
                moment = datetime.fromisoformat(
                    text.removesuffix("Z") + ("+00:00" if text.endswith("Z") else "")
                )
        except ValueError:
            raise ValidationError("Not a moment.") from None
        if moment.tzinfo is None or not EARLIEST <= moment <= LATEST:
            raise ValidationError("Not a moment.")
        return moment


def day_after(value: datetime) -> datetime:
    """Return the end of the day that a moment without a time stands for, else the moment itself."""
    return value + timedelta(days=1) if value.time() == datetime.min.time() else value


def answer_page(page: Page[Row], shown: Callable[[Row], dict[str, Any]]) -> ResponseReturnValue:
    """Answer with a page of rows."""
    body = {"items": [shown(row) for row in page.items], "next_cursor": page.next_cursor}
    return jsonify(body), {"Cache-Control": "no-store"}
