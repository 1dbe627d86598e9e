"""How often somebody may call, by the values that are in force while the service runs.

Whoever has signed in counts by their account, wherever they are; visitors count by address.
"""

from __future__ import annotations

from upscaler.extensions import db, limiter
from upscaler.views.api.callers import current_caller
from upscaler.views.context import services


def _caller() -> str:
    return current_caller().name


def _in_force(key: str) -> str:
    """Return a limit in Flask-Limiter's words, which for no limit are none."""
    limit = str(services().settings.get(db.session(), key))
    return "" if limit == "off" else limit


def _upload_rate() -> str:
    return _in_force("rate_limit" if current_caller().account is None else "account_rate_limit")


def _poll_rate() -> str:
    return _in_force("poll_rate_limit")


uploads = limiter.limit(_upload_rate, key_func=_caller)
polls = limiter.shared_limit(_poll_rate, scope="polls", key_func=_caller)
