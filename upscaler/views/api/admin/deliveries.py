"""Webhooks and e-mails about the ends of jobs."""

from __future__ import annotations

from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue

from upscaler.errors import DeliveryConflict, DeliveryNotFound, UnusableParameter
from upscaler.extensions import db
from upscaler.models import Delivery, utcnow
from upscaler.services import queries
from upscaler.services.notifications import outbox
from upscaler.services.paging import page_of
from upscaler.views.api.operations import admin_operation
from upscaler.views.api.paging import answer_page, day_after
from upscaler.views.api.schemas.deliveries import DeliveriesQuery, DeliveryListSchema, DeliverySchema
from upscaler.views.api.serializers.service import delivery_fields
from upscaler.views.context import current_actor


def list_deliveries(query: dict[str, Any]) -> ResponseReturnValue:
    """List the deliveries, the newest first."""
    wanted = queries.deliveries(
        job_id=query["job_id"],
        kind=query["kind"],
        status=query["status"],
        since=query["since"],
        until=query["until"] and day_after(query["until"]),
    )
    page = page_of(
        db.session(), wanted, (Delivery.created_at, Delivery.id), cursor=query["cursor"], limit=query["limit"]
    )
    return answer_page(page, delivery_fields)


def get_delivery(delivery_id: str) -> ResponseReturnValue:
    """Return a delivery."""
    return _answer(_find(delivery_id))


def resend_delivery(delivery_id: str) -> ResponseReturnValue:
    """Send a message again that was delivered, failed or waits for its next attempt."""
    delivery = _find(delivery_id)
    outbox.send_again(db.session(), current_actor(), delivery.id, utcnow())
    return _answer(_find(delivery_id))


def _find(delivery_id: str) -> Delivery:
    delivery: Delivery | None = db.session.get(Delivery, delivery_id)
    if delivery is None:
        raise DeliveryNotFound
    return delivery


def _answer(delivery: Delivery) -> ResponseReturnValue:
    return jsonify(delivery_fields(delivery)), {"Cache-Control": "no-store"}


_PATH = "/deliveries/<id:delivery_id>"
OPERATIONS = (
    admin_operation(
        "list_deliveries",
        "GET",
        "/deliveries",
        list_deliveries,
        query=DeliveriesQuery(),
        answer=DeliveryListSchema(),
        errors=(UnusableParameter,),
    ),
    admin_operation(
        "get_delivery", "GET", _PATH, get_delivery, answer=DeliverySchema(), errors=(DeliveryNotFound,)
    ),
    admin_operation(
        "resend_delivery",
        "POST",
        f"{_PATH}/resend",
        resend_delivery,
        idempotent=True,
        answer=DeliverySchema(),
        errors=(DeliveryNotFound, DeliveryConflict),
    ),
)
