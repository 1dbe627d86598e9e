"""The error of a request beyond a rate limit, in the words of the current language."""

from __future__ import annotations

import math
import time

from flask_babel import ngettext
from flask_limiter import RateLimitExceeded
from limits import RateLimitItem

from upscaler.errors import N_, RateLimited
from upscaler.views.api.rate_limits import UPLOADS
from upscaler.views.durations import duration_text
from upscaler.views.limiter import limiter

_USED_UP = {
    60: N_("You've used your %(images)s for this minute. Try again in %(wait)s."),
    3600: N_("You've used your %(images)s for this hour. Try again in %(wait)s."),
    86_400: N_("You've used your %(images)s for today. Try again in %(wait)s."),
}
_USED_UP_OTHERWISE = N_("You've used your %(images)s for now. Try again in %(wait)s.")
_TOO_MANY = N_("Too many requests. Try again in %(wait)s.")


def rate_limited(exceeded: RateLimitExceeded) -> RateLimited:
    """Return the error of a request beyond a rate limit, with the time to wait."""
    limit = exceeded.limit.limit
    wait = duration_text(_seconds_left(limit))
    if exceeded.limit.scope != UPLOADS:
        return RateLimited(_TOO_MANY, wait=wait)
    images = ngettext("%(num)s image", "%(num)s images", limit.amount)
    return RateLimited(_USED_UP.get(limit.get_expiry(), _USED_UP_OTHERWISE), images=images, wait=wait)


def _seconds_left(limit: RateLimitItem) -> int:
    resets = [found.window.reset_time for found in limiter.current_limits if found.limit == limit]
    return max(1, math.ceil(max(resets) - time.time())) if resets else limit.get_expiry()
