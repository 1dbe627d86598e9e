"""Previews: crops of images, upscaled with several presets for comparison. Rows and files are kept for an hour."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import JSON, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from upscaler.models.job import JobStatus
from upscaler.models.lease import LeaseColumns
from upscaler.models.types import UTCDateTime, random_id, utcnow


class Preview(LeaseColumns, Model):
    """A crop of an image and its upscaled versions.

    ``results`` has an entry for each preset that is done: the file written, or the error.
    """

    __tablename__ = "previews"
    __table_args__ = (Index("ix_previews_status_created_at", "status", "created_at"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: random_id("pre"))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id", ondelete="SET NULL"), index=True)

    status: Mapped[str] = mapped_column(String(16), default=JobStatus.QUEUED.value)
    params: Mapped[dict[str, Any]] = mapped_column(JSON)
    presets: Mapped[list[str]] = mapped_column(JSON)
    results: Mapped[dict[str, dict[str, Any]]] = mapped_column(JSON, default=dict)
    crop_path: Mapped[str] = mapped_column(String(255), unique=True)
    left: Mapped[int]
    top: Mapped[int]
    width: Mapped[int]
    height: Mapped[int]
    # Of the whole image, see ``ImageInfo``.
    jpeg_quality: Mapped[int | None]

    worker_id: Mapped[str | None] = mapped_column(String(128))
    attempts: Mapped[int] = mapped_column(Integer, default=0)

    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)

    @property
    def ended(self) -> bool:
        """Whether the state is final."""
        return JobStatus(self.status).ended

    def __repr__(self) -> str:
        return self.id
