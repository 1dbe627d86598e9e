"""Previews: rows without a crop in the storage."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from tests.factories.base import stored
from upscaler.engine.options import UpscaleOptions
from upscaler.models import Preview, utcnow
from upscaler.models.types import random_id


def new_preview(session: Session, **values: Any) -> Preview:
    """Store a queued preview of 10 x 8 pixels with two presets."""
    preview_id = random_id("pre")
    usual = {
        "id": preview_id,
        "params": UpscaleOptions("2x").as_dict(),
        "presets": ["standard", "photo"],
        "crop_path": f"previews/{preview_id}.tiff",
        "left": 0,
        "top": 0,
        "width": 10,
        "height": 8,
        "expires_at": utcnow() + timedelta(hours=1),
    }
    return stored(session, Preview(**{**usual, **values}))
