"""Metrics for Prometheus at ``/metrics``, for callers that send ``METRICS_TOKEN``."""

from __future__ import annotations

import hmac

from flask import Flask, Response, request
from prometheus_client import CONTENT_TYPE_LATEST

from upscaler.errors import InvalidCredentials, NotFound, ServiceUnavailable
from upscaler.extensions import db
from upscaler.services.monitoring.metrics import metrics_text
from upscaler.services.monitoring.statistics import StorageFigures
from upscaler.views.context import config, services


def init_app(app: Flask) -> None:
    """Add ``/metrics`` to the application."""
    app.add_url_rule("/metrics", view_func=metrics)


def metrics() -> Response:
    """Send the metrics; not found where no token is configured."""
    token = config().metrics_token.get_secret_value()
    if not token:
        raise NotFound
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), token.encode()):
        raise InvalidCredentials
    text = metrics_text(db.session(), _storage_figures())
    return Response(text, content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})


def _storage_figures() -> StorageFigures | None:
    try:
        return services().storage_meter.figures()
    except ServiceUnavailable:
        # The other metrics matter most then.
        return None
