"""Models of the table that the console shows."""

from __future__ import annotations

import secrets
from typing import Any

from sqlalchemy.orm import Session

from tests.factories.base import stored
from upscaler.models import ModelRecord


def new_model(session: Session, name: str = "", **values: Any) -> ModelRecord:
    """Store a model that upscales twice."""
    usual = {
        "type": "custom",
        "scale": 2,
        "artifact_path": "custom/model.onnx",
        "sha256": "0" * 64,
        "licence": "MIT",
    }
    return stored(session, ModelRecord(name=name or f"model-{secrets.token_hex(4)}", **{**usual, **values}))
