"""The models that workers can run."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import JSON, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from upscaler.models.types import UTCDateTime, utcnow


class ModelRecord(Model):
    """A model: of the engine's catalogue, which these rows follow, or added by an admin."""

    __tablename__ = "models"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(128), unique=True)
    type: Mapped[str] = mapped_column(String(32))
    scale: Mapped[int]
    artifact_path: Mapped[str] = mapped_column(String(255))
    sha256: Mapped[str] = mapped_column(String(64))
    licence: Mapped[str] = mapped_column(String(64))
    default_params: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    gpu_required: Mapped[bool] = mapped_column(default=False)
    note: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)

    def __repr__(self) -> str:
        return self.name
