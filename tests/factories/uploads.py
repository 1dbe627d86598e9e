"""Uploads: rows without a file in the storage."""

from __future__ import annotations

import secrets
from typing import Any

from sqlalchemy.orm import Session

from tests.factories.base import stored
from upscaler.models import Upload


def new_upload(session: Session, **values: Any) -> Upload:
    """Store an upload of 100 x 80 pixels."""
    usual = {
        "original_filename": "cat.png",
        "storage_path": f"uploads/ab/upl_{secrets.token_hex(8)}.png",
        "mime_type": "image/png",
        "size_bytes": 1000,
        "width": 100,
        "height": 80,
        "sha256": "0" * 64,
    }
    return stored(session, Upload(**{**usual, **values}))
