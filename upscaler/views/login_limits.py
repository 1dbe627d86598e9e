"""Limits on wrong passwords, by address and by account, shared by the console and the API."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, request

from upscaler.extensions import db
from upscaler.services.accounts import sign_in
from upscaler.views.limiter import limiter

# Right passwords do not count.
ADDRESS_RATE = "10 per minute;60 per hour"
# For one account from all addresses together. More than for one address, which should run out first.
ACCOUNT_RATE = "20 per minute;100 per hour"


API = "/api/"


def _failed(response: Response) -> bool:
    return response.status_code == 401


def _too_many(_limit: Any) -> Response | None:
    """Answer a person in front of the login page; None leaves it to the handler of errors."""
    if request.path.startswith(API):
        return None
    page: Response = current_app.extensions["appbuilder"].sm.auth_view.too_many()
    return page


def _account() -> str:
    sent: Any = request.get_json(force=True, silent=True) if request.path.startswith(API) else request.form
    name = sent.get("username") if hasattr(sent, "get") else None
    return sign_in.login_key(db.session(), name if isinstance(name, str) else "")


per_address = limiter.shared_limit(
    ADDRESS_RATE, scope="login address", methods=["POST"], deduct_when=_failed, on_breach=_too_many
)
per_account = limiter.shared_limit(
    ACCOUNT_RATE,
    scope="login account",
    key_func=_account,
    methods=["POST"],
    deduct_when=_failed,
    on_breach=_too_many,
)
