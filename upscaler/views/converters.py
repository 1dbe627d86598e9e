"""URL converters that guard ids: a path whose id no table can hold leads nowhere, and is answered with 404."""

from __future__ import annotations

from flask import Flask
from werkzeug.routing import BaseConverter, IntegerConverter


class IdConverter(BaseConverter):
    """An id such as ``job_3f…``, or the name of a model: no NUL, which PostgreSQL refuses to compare with, no slash."""

    regex = "[A-Za-z0-9_-]{1,64}"


class NumberConverter(IntegerConverter):
    """The number of a row, such as an account's: fewer digits than the largest that both databases can compare with."""

    regex = "[0-9]{1,9}"


def init_app(app: Flask) -> None:
    """Register ``<id:…>`` and ``<number:…>``, before any route that uses them."""
    app.url_map.converters.update(id=IdConverter, number=NumberConverter)
