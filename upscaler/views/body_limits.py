"""How long the body of a request may be, by its route, known to the server before the body arrives.

The server cannot wait for the database: the limits are read now and then, in a thread of their own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import structlog
from flask import Flask, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from upscaler.errors import ServiceUnavailable
from upscaler.extensions import db
from upscaler.server.requests import BUSY, REFUSED
from upscaler.services.settings.runtime import CACHE_SECONDS

log = structlog.get_logger()

# Forms of pages, and JSON, are a few fields.
LONGEST_BODY = 1 << 20
# The attribute of a view that returns the longest body of its requests in bytes, within the application's context.
ATTRIBUTE = "longest_body"


class BodyLimits:
    """The limits of an application's routes.

    Args:
        app: the application.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._adapter = app.url_map.bind("localhost")
        self._known: dict[str, int] = {}
        self.refresh()

    def most(self, method: str, path: str) -> int:
        """Return the longest body in bytes of a request that its route takes. It never waits."""
        try:
            endpoint, _ = self._adapter.match(path, method)
        except HTTPException:
            return LONGEST_BODY
        return self._known.get(endpoint, LONGEST_BODY)

    def refresh(self) -> None:
        """Read the limits; without the database, go on with those that are known."""
        limits: dict[str, Callable[[], int]] = {
            endpoint: getattr(view, ATTRIBUTE)
            for endpoint, view in self._app.view_functions.items()
            if hasattr(view, ATTRIBUTE)
        }
        try:
            with self._app.app_context():
                self._known = {endpoint: longest() for endpoint, longest in limits.items()}
                db.session.rollback()
        except SQLAlchemyError:
            log.warning("body_limits.unknown", exc_info=True)

    def keep_fresh(self) -> None:
        """Read the limits again and again, for as long as the process lives."""
        threading.Thread(target=self._refresh_forever, name="body-limits", daemon=True).start()

    def _refresh_forever(self) -> None:
        never = threading.Event()
        while not never.wait(CACHE_SECONDS):
            self.refresh()


def check_room() -> None:
    """Raise ``ServiceUnavailable`` where the server had no room for the body of this request."""
    if was_refused() == BUSY:
        raise ServiceUnavailable


def was_refused() -> str:
    """Return why the server did not receive the body of this request; nothing where it did."""
    reason: Any = request.environ.get(REFUSED, "")
    return str(reason)
