"""Quotes in responses."""

from __future__ import annotations

from marshmallow import Schema

from upscaler.views.api.schemas.described import integer, nested, text
from upscaler.views.api.schemas.errors import StatusReasonSchema


class QuoteSchema(Schema):
    """Quote of a job."""

    model = text("what the job would run: the name of a model, or of several")
    output_width = integer("width of the result in pixels")
    output_height = integer("height of the result in pixels")
    output_pixels = integer("width times height")
    estimated_bytes = integer(
        "size of the result's file in bytes; null where `size_bytes` or `mime_type` is not given, or where the size of "
        "such a file says too little",
        nullable=True,
    )
    own_seconds = integer("seconds of work on this image")
    waiting_seconds = integer("seconds until the work begins; null while no worker is online", nullable=True)
    estimated_seconds = integer("seconds until the end; null while no worker is online", nullable=True)
    queue_position = integer("place in the queue, 1 is next")
    status_reason = nested(
        StatusReasonSchema, "why the job would not go on; null while nothing holds it up", nullable=True
    )
