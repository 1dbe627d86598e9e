"""Periods of time in requests."""

from __future__ import annotations

from marshmallow import Schema

from upscaler.views.api.paging import Moment


class PeriodQuery(Schema):
    """A period; days are in UTC, and the last one counts."""

    since = Moment(load_default=None, data_key="from", metadata=Moment.SCHEMA)
    until = Moment(load_default=None, data_key="to", metadata=Moment.SCHEMA)
