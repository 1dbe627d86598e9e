"""How often somebody may call, by the values that are in force while the service runs.

Whoever has signed in counts by their account, wherever they are; visitors count by address.
"""

from __future__ import annotations

import structlog
from limits import parse_many

from config import RuntimeValues
from upscaler.errors import N_, RateLimited
from upscaler.extensions import db
from upscaler.views.api.authentication import current_caller
from upscaler.views.context import services
from upscaler.views.limiter import limiter

log = structlog.get_logger()


def _caller() -> str:
    return current_caller().name


def _values() -> RuntimeValues:
    return services().settings.values(db.session())


def _for_limiter(rate: str) -> str:
    """Return a rate in Flask-Limiter's words, in which no limit is an empty text."""
    return "" if rate == "off" else rate


def _upload_rate() -> str:
    values = _values()
    return _for_limiter(values.rate_limit if current_caller().account is None else values.account_rate_limit)


def _preview_rate() -> str:
    return _for_limiter(_values().preview_rate_limit)


def _poll_rate() -> str:
    return _for_limiter(_values().poll_rate_limit)


# Images count the same however they come: alone, or many at once.
_UPLOADS = "uploads"

uploads = limiter.shared_limit(_upload_rate, scope=_UPLOADS, key_func=_caller)
previews = limiter.limit(_preview_rate, key_func=_caller)
polls = limiter.shared_limit(_poll_rate, scope="polls", key_func=_caller)


def more_uploads(count: int) -> None:
    """Count so many further images of this request, all or none of them.

    Raises:
        RateLimited: fewer are left.
    """
    rate, caller = _upload_rate(), _caller()
    limits = parse_many(rate) if rate and count > 0 else []
    # Past Flask-Limiter's decorators, which know one number for each view. Counting goes on beyond a limit, so what is
    # too much is turned away before.
    strategy = limiter.limiter
    try:
        full = next(
            (limit for limit in limits if not strategy.test(limit, caller, _UPLOADS, cost=count)), None
        )
        if full is None:
            full = next(
                (limit for limit in limits if not strategy.hit(limit, caller, _UPLOADS, cost=count)), None
            )
    except Exception:  # noqa: BLE001 - whatever a storage of limits that has gone away just now raises
        log.warning("limits.unavailable")
        return
    if full is not None:
        for told in limiter.current_limits:
            told.breached = told.breached or told.limit == full
        raise RateLimited(
            N_(
                "There are more images in this request than are left of the limit of %(limit)s. "
                "Please send fewer, or wait a little."
            ),
            limit=str(full),
        )
