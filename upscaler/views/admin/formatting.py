"""Times, sizes and states in the console, in the language of the page."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

from flask import Flask
from flask_babel import format_datetime, format_decimal, get_locale, gettext, lazy_gettext
from markupsafe import Markup

from upscaler.models import DeliveryKind, DeliveryStatus, JobStatus, iso8601
from upscaler.views.receipts import note_text

STATUS_LABELS = {
    JobStatus.QUEUED.value: lazy_gettext("Queued"),
    JobStatus.RUNNING.value: lazy_gettext("Running"),
    JobStatus.COMPLETED.value: lazy_gettext("Completed"),
    JobStatus.FAILED.value: lazy_gettext("Failed"),
    JobStatus.CANCELED.value: lazy_gettext("Canceled"),
}

DELIVERY_STATUS_LABELS = {
    DeliveryStatus.PENDING.value: lazy_gettext("Pending"),
    DeliveryStatus.DELIVERED.value: lazy_gettext("Delivered"),
    DeliveryStatus.FAILED.value: lazy_gettext("Failed"),
    DeliveryStatus.GONE.value: lazy_gettext("Recipient gone"),
}

DELIVERY_KIND_LABELS = {
    DeliveryKind.WEBHOOK.value: lazy_gettext("Webhook"),
    DeliveryKind.EMAIL.value: lazy_gettext("E-mail"),
}

# What stands where there is nothing to show.
NONE = "\N{EN DASH}"

_SIZES = ((10**12, lazy_gettext("TB")), (10**9, lazy_gettext("GB")), (10**6, lazy_gettext("MB")))


def init_app(app: Flask) -> None:
    """Give the filters to the templates."""
    app.jinja_env.filters.update(
        console_bytes=size_text,
        console_seconds=duration_text,
        console_time=time_element,
        console_moment=lambda text: time_element(moment_of(text)),
        console_status=status_label,
        console_delivery_kind=delivery_kind_label,
        console_json=json_text,
        console_note=note_text,
        console_number=number_text,
    )


def size_text(size: int | None) -> str:
    """Write a number of bytes as people do, such as ``15.3 MB``."""
    if size is None:
        return NONE
    for unit, name in _SIZES:
        if size >= unit:
            return f"{format_decimal(round(size / unit, 1))} {name}"
    number = format_decimal(round(size / 1000, 1 if size < 10_000 else 0))
    return str(gettext("%(size)s kB", size=number))


def duration_text(seconds: float | None) -> str:
    """Write a time span, such as ``3 min 20 s``."""
    if seconds is None:
        return NONE
    whole = round(seconds)
    if whole < 60:
        short = format_decimal(round(seconds, 1 if seconds < 10 else 0))
        return str(gettext("%(seconds)s s", seconds=short))
    if whole < 3600:
        return str(gettext("%(minutes)s min %(seconds)s s", minutes=whole // 60, seconds=whole % 60))
    return str(gettext("%(hours)s h %(minutes)s min", hours=whole // 3600, minutes=whole % 3600 // 60))


def time_element(moment: datetime | None, width: str = "medium") -> Markup | str:
    """Write a time in UTC, machine-readable; a script rewrites it in the reader's own time zone."""
    if moment is None:
        return NONE
    # Flask-AppBuilder's own columns hold the server's local time without a zone.
    aware = moment.astimezone(timezone.utc)
    text = format_datetime(aware.replace(tzinfo=None), width, rebase=False)
    return Markup('<time datetime="{0}" title="{1} UTC">{1}</time>').format(iso8601(aware), text)


def moment_of(text: str) -> datetime | None:
    """Return the moment that a text such as ``2025-12-07T12:34:56Z`` says, None where it says none."""
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    except ValueError:
        return None


def status_label(status: str) -> str:
    """Return the word for a job's status, or for a delivery's."""
    return str(STATUS_LABELS.get(status) or DELIVERY_STATUS_LABELS.get(status, status))


def delivery_kind_label(kind: str) -> str:
    """Return the word for the way a message takes."""
    return str(DELIVERY_KIND_LABELS.get(kind, kind))


def number_text(number: float | None) -> str:
    """Write a number with the separators of the language."""
    return NONE if number is None else str(format_decimal(number))


def json_text(value: Any) -> str:
    """Write JSON for people."""
    return json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True, default=str)


def page_direction() -> dict[str, str]:
    """Return the language and the writing direction of the page, for its first tag."""
    locale = get_locale()
    return {
        "language": str(locale or "en").replace("_", "-"),
        "direction": locale.text_direction if locale else "ltr",
    }
