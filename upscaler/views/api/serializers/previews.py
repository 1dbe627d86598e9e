"""Previews as responses show them."""

from __future__ import annotations

import time
from typing import Any

from upscaler.models import Preview, iso8601
from upscaler.views.api.schemas.previews import PREVIEW_OPTIONS
from upscaler.views.context import absolute_url, links
from upscaler.views.sentences import localized


def preview_status(preview: Preview) -> dict[str, Any]:
    """Return all about a preview."""
    return {
        "id": preview.id,
        "status": preview.status,
        "created_at": iso8601(preview.created_at),
        "expires_at": iso8601(preview.expires_at),
        "params": {name: value for name, value in preview.params.items() if name in PREVIEW_OPTIONS},
        "crop": {name: getattr(preview, name) for name in ("left", "top", "width", "height")},
        "items": [_item(preset, preview.results.get(preset)) for preset in preview.presets],
    }


def _item(preset: str, made: dict[str, Any] | None) -> dict[str, Any]:
    made = made or {}
    path, error = made.get("path"), _error(made)
    return {
        "preset": preset,
        "status": "failed" if error else "completed" if path else "queued",
        "model": made.get("model"),
        "image_file": absolute_url(links().path(path, f"{preset}.png", time.time())) if path else None,
        "width": made.get("width"),
        "height": made.get("height"),
        "seconds": made.get("seconds"),
        "error": error,
    }


def _error(made: dict[str, Any]) -> dict[str, str] | None:
    if "error_code" not in made:
        return None
    return {"code": made["error_code"], "detail": localized(made["error_message"], made["error_values"])}
