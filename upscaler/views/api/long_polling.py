"""``Prefer: wait=N``: the answer to a poll comes when the job has ended, or after N seconds."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from upscaler.extensions import db
from upscaler.views.waiting import waiting_room

LONGEST_SECONDS = 60
LOOK_SECONDS = 0.5
# A hint for the next poll is at least and at most this, in seconds.
SOONEST, LATEST = 1, 15

_WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,6})\"?(?=$|[,;\s])", re.IGNORECASE)


def answer_poll(
    has_ended: Callable[[], bool], state: Callable[[], tuple[dict[str, Any], int | None]]
) -> ResponseReturnValue:
    """Answer a poll: at once, or when it has ended where the client prefers to wait for that.

    ``state`` returns what to answer, and after how many seconds to ask again; None once nothing changes any more.
    """
    seconds = _preferred_seconds()
    waited = bool(seconds) and not has_ended() and _wait_for_end(has_ended, seconds)
    body, again_after = state()
    response = jsonify(body)
    response.headers["Cache-Control"] = "no-store"
    if waited:
        response.headers["Preference-Applied"] = f"wait={seconds}"
    if again_after is not None:
        response.headers["Retry-After"] = str(again_after)
    # Weak: the same state may be packed or not.
    response.add_etag(weak=True)
    return response.make_conditional(request)


def _preferred_seconds() -> int:
    """Return how long the client likes to wait; 0 when it says nothing about it."""
    found = _WAIT.search(",".join(request.headers.getlist("Prefer")))
    return min(int(found[1]), LONGEST_SECONDS) if found else 0


def _wait_for_end(has_ended: Callable[[], bool], seconds: int) -> bool:
    """Return when ``has_ended`` does or the time is over; at once, and False, when too many wait already."""
    with waiting_room().seat() as has_seat:
        deadline = time.monotonic() + seconds
        while has_seat and (left := deadline - time.monotonic()) > 0:
            ended = has_ended()
            # No connection to the database is held meanwhile.
            db.session.rollback()
            if ended:
                break
            time.sleep(min(LOOK_SECONDS, left))
        return has_seat


def next_poll_seconds(estimated_seconds: int | None) -> int:
    """Return when the next poll makes sense, in seconds: the longer the work takes, the later."""
    if estimated_seconds is None:
        return LATEST
    return max(SOONEST, min(estimated_seconds // 4, LATEST))
