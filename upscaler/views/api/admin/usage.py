"""Usage of each account, as a table."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask.typing import ResponseReturnValue

from upscaler.extensions import db
from upscaler.services.accounts import usage
from upscaler.views.api.operations import admin_operation
from upscaler.views.api.paging import day_after
from upscaler.views.api.schemas.periods import PeriodQuery
from upscaler.views.context import current_actor


def export_usage(query: dict[str, Any]) -> ResponseReturnValue:
    """Export what each account used on each day, as CSV."""
    until = query["until"] and day_after(query["until"])
    text = usage.export(db.session(), current_actor(), query["since"], until)
    response = Response(text, mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="usage.csv"'
    response.headers["Cache-Control"] = "no-store"
    return response


OPERATIONS = (
    admin_operation(
        "export_usage", "GET", "/usage.csv", export_usage, query=PeriodQuery(), media_type="text/csv"
    ),
)
