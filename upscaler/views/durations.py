"""Durations in the words of the current language."""

from __future__ import annotations

import math

from flask_babel import ngettext


def duration_text(seconds: int) -> str:
    """Return a duration as a number of seconds, minutes or hours, rounded up."""
    if seconds < 60:
        count = max(1, seconds)
        return ngettext("%(count)s second", "%(count)s seconds", count, count=count)
    if seconds <= 2 * 3600:
        count = math.ceil(seconds / 60)
        return ngettext("%(count)s minute", "%(count)s minutes", count, count=count)
    count = math.ceil(seconds / 3600)
    return ngettext("%(count)s hour", "%(count)s hours", count, count=count)
