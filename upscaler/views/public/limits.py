"""Limits of an upload, in words for the landing page and in numbers for its scripts."""

from __future__ import annotations

from typing import Any

from flask_babel import format_decimal, gettext, ngettext
from limits import RateLimitItem, parse_many

from config import RuntimeValues
from upscaler.engine.imaging.camera_raw import RAW_EXTENSIONS
from upscaler.engine.imaging.formats import FORMATS, format_for_mime
from upscaler.engine.imaging.image_format import ImageFormat
from upscaler.engine.options import OPTIONS
from upscaler.engine.presets import PRESET_TABLE
from upscaler.services.jobs.quota import quota_of

_SECONDS_PER_HOUR = 3600


def page_limits(values: RuntimeValues, *, signed_in: bool) -> dict[str, Any]:
    """Return the limits that the landing page shows and its scripts check before anything is sent.

    Sizes are in bytes, sides and pixels in pixels.
    """
    kinds = [format_for_mime(mime) for mime in values.allowed_mimes]
    quota = quota_of(values, has_account=signed_in)
    return {
        "max_upload_bytes": values.max_upload_size_bytes,
        "max_upload_text": gettext(
            "%(size)s MB", size=format_decimal(round(values.max_upload_size_bytes / 1e6, 1))
        ),
        "max_side": values.max_image_side,
        "max_side_text": format_decimal(values.max_image_side),
        "max_pixels": values.max_input_pixels,
        "max_pixels_text": _megapixels(values.max_input_pixels),
        "max_output_pixels": values.max_output_pixels,
        "max_output_pixels_text": _megapixels(values.max_output_pixels),
        "input_formats": [_signatures(kind) for kind in kinds],
        "raw_extensions": sorted(RAW_EXTENSIONS),
        "kinds_text": gettext(", ").join(kind.label for kind in kinds),
        "accept": ",".join(
            [*values.allowed_mimes, *(f".{ending}" for kind in kinds for ending in kind.extensions)]
        ),
        "presets": {preset.name: gettext(preset.description) for preset in PRESET_TABLE.values()},
        "output_formats": _output_formats(),
        "quote_options": [name for name, option in OPTIONS.items() if option.in_quote],
        "preview_options": [name for name, option in OPTIONS.items() if option.in_preview],
        "link_text": _link_time(values.link_ttl_seconds),
        "keep_text": _kept(quota.keep_days),
        "uploads_text": [_rate(item) for item in parse_many(quota.upload_rate)]
        if quota.upload_rate != "off"
        else [],
    }


def _output_formats() -> list[dict[str, Any]]:
    return [
        {
            "name": kind.name,
            "label": kind.label,
            "max_side": kind.max_side,
            "max_pixels": kind.max_pixels,
            "quality": kind.default_quality,
        }
        for kind in FORMATS
        if kind.writable
    ]


def _signatures(kind: ImageFormat) -> dict[str, Any]:
    """Return how files of a format begin, with bytes in hexadecimal."""
    return {
        "name": kind.name,
        "signatures": [[[offset, magic.hex()] for offset, magic in variant] for variant in kind.signatures],
        "brands": [brand.decode("ascii") for brand in kind.brands],
    }


def _megapixels(pixels: int) -> str:
    return gettext("%(count)s megapixels", count=format_decimal(round(pixels / 1e6, 1)))


def _link_time(seconds: int) -> str:
    if seconds < _SECONDS_PER_HOUR:
        return ngettext("%(num)s minute", "%(num)s minutes", max(1, round(seconds / 60)))
    return ngettext("%(num)s hour", "%(num)s hours", round(seconds / _SECONDS_PER_HOUR))


def _kept(days: int) -> str:
    if days == 0:
        return gettext("Kept until you delete it on its page.")
    return ngettext(
        "Deleted with its result after %(num)s day, or by you at any time.",
        "Deleted with its result after %(num)s days, or by you at any time.",
        days,
    )


def _rate(item: RateLimitItem) -> str:
    period = item.get_expiry()
    if period == 60:
        return ngettext("%(num)s image per minute", "%(num)s images per minute", item.amount)
    if period == _SECONDS_PER_HOUR:
        return ngettext("%(num)s image per hour", "%(num)s images per hour", item.amount)
    if period == 24 * _SECONDS_PER_HOUR:
        return ngettext("%(num)s image per day", "%(num)s images per day", item.amount)
    hours = format_decimal(round(period / _SECONDS_PER_HOUR, 1))
    return gettext("%(count)s images per %(hours)s hours", count=item.amount, hours=hours)
