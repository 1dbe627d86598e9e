"""Webhooks and e-mails in requests and responses."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from upscaler.models import DeliveryKind, DeliveryStatus
from upscaler.views.api.paging import PageQuery, PageSchema
from upscaler.views.api.schemas.described import integer, list_of, moment, text
from upscaler.views.api.schemas.periods import PeriodQuery

KINDS = tuple(kind.value for kind in DeliveryKind)
STATUSES = tuple(status.value for status in DeliveryStatus)


class DeliveriesQuery(PageQuery, PeriodQuery):
    """Filters of deliveries."""

    job_id = fields.String(
        load_default=None, validate=validate.Length(1, 40), metadata={"description": "id of a job"}
    )
    kind = fields.String(
        load_default=None, validate=validate.OneOf(KINDS), metadata={"description": "way of delivery"}
    )
    status = fields.String(
        load_default=None, validate=validate.OneOf(STATUSES), metadata={"description": "state of delivery"}
    )


class DeliverySchema(Schema):
    """A message about the end of a job, for one recipient."""

    id = text("id of the delivery, also the `webhook-id`")
    job_id = text("id of the job")
    kind = text("way of delivery", choices=KINDS)
    event = text("what happened to the job, such as `job.completed`")
    status = text("state of delivery", choices=STATUSES)
    attempts = integer("how often it was sent")
    last_status = integer("status of the last answer", nullable=True)
    last_error = text("why the last attempt failed", nullable=True)
    created_at = moment("when the message was written")
    last_attempt_at = moment("when it was last sent", nullable=True)
    next_attempt_at = moment("when it is sent next", nullable=True)
    delivered_at = moment("when it was accepted", nullable=True)


class DeliveryListSchema(PageSchema):
    """Deliveries, the newest first."""

    items = list_of(DeliverySchema, "the deliveries of this page")
