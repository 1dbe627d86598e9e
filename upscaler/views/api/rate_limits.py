"""Rate limits of the API, by the values that are in force while the service runs.

Accounts count by themselves, whatever address they come from; visitors count by address.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog
from limits import RateLimitItem, parse_many

from upscaler.errors import TooManyImages
from upscaler.extensions import db
from upscaler.services.jobs.quota import Quota, quota_of
from upscaler.views.api.authentication import current_caller
from upscaler.views.context import services
from upscaler.views.limiter import limiter

log = structlog.get_logger()

# Images count the same however they come: alone, or in a batch.
UPLOADS, PREVIEWS, REQUESTS = "uploads", "previews", "polls"


def _caller() -> str:
    return current_caller().name


def _quota() -> Quota:
    return quota_of(
        services().settings.values(db.session()), has_account=current_caller().account is not None
    )


def _for_limiter(rate: str) -> str:
    """Return a rate as Flask-Limiter writes it; empty for no limit."""
    return "" if rate == "off" else rate


def _upload_rate() -> str:
    return _for_limiter(_quota().upload_rate)


def _preview_rate() -> str:
    return _for_limiter(_quota().preview_rate)


def _request_rate() -> str:
    return _for_limiter(_quota().request_rate)


uploads = limiter.shared_limit(_upload_rate, scope=UPLOADS, key_func=_caller)
previews = limiter.shared_limit(_preview_rate, scope=PREVIEWS, key_func=_caller)
polls = limiter.shared_limit(_request_rate, scope=REQUESTS, key_func=_caller)


def rates_of_caller() -> dict[str, list[dict[str, int]]]:
    """Return the caller's rate limits and what is left of each."""
    return {
        "upload_rates": _rates(_upload_rate, UPLOADS),
        "preview_rates": _rates(_preview_rate, PREVIEWS),
        "request_rates": _rates(_request_rate, REQUESTS),
    }


def more_uploads(count: int) -> None:
    """Count so many further images of this request, all or none of them.

    Raises:
        TooManyImages: fewer are left.
    """
    rate, caller = _upload_rate(), _caller()
    limits = parse_many(rate) if rate and count > 0 else []
    # Past Flask-Limiter's decorators, which know one number for each view. Counting goes on beyond a limit, so what is
    # too much is turned away before.
    strategy = limiter.limiter
    try:
        full = next(
            (limit for limit in limits if not strategy.test(limit, caller, UPLOADS, cost=count)), None
        )
        if full is None:
            full = next(
                (limit for limit in limits if not strategy.hit(limit, caller, UPLOADS, cost=count)), None
            )
    except Exception:  # noqa: BLE001 - whatever a storage of limits that has gone away just now raises
        log.warning("limits.unavailable")
        return
    if full is not None:
        for known in limiter.current_limits:
            known.breached = known.breached or known.limit == full
        raise TooManyImages


def _rates(rate: Callable[[], str], scope: str) -> list[dict[str, int]]:
    text, caller = rate(), _caller()
    return [
        {
            "limit": limit.amount,
            "remaining": _remaining(limit, caller, scope),
            "window_seconds": limit.get_expiry(),
        }
        for limit in (parse_many(text) if text else [])
    ]


def _remaining(limit: RateLimitItem, caller: str, scope: str) -> int:
    try:
        return limiter.limiter.get_window_stats(limit, caller, scope).remaining
    except Exception:  # noqa: BLE001 - as above
        log.warning("limits.unavailable")
        return limit.amount
