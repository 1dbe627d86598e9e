"""Batches: images that were sent in one request."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import JSON, Boolean, ForeignKey, Integer, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from upscaler.models.job import Job
from upscaler.models.types import UTCDateTime, random_id, utcnow
from upscaler.models.user import Account


class Batch(Model):
    """A batch. Its state follows from its items' jobs."""

    __tablename__ = "batches"

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: random_id("batch"))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id", ondelete="SET NULL"), index=True)
    # The owner's account was deleted; the batch is not a visitor's because of that.
    owner_gone: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow, index=True)

    owner: Mapped[Account | None] = relationship(Account)
    items: Mapped[list[BatchItem]] = relationship(
        "BatchItem",
        back_populates="batch",
        order_by="BatchItem.position",
        cascade="all, delete-orphan",
        passive_deletes=True,
    )

    def __repr__(self) -> str:
        return self.id


class BatchItem(Model):
    """A file of a batch: with a job, with the error it was refused with, or with neither once the job is deleted."""

    __tablename__ = "batch_items"

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[str] = mapped_column(ForeignKey("batches.id", ondelete="CASCADE"), index=True)
    # From 0, in the order of the files in the request.
    position: Mapped[int] = mapped_column(Integer)
    filename: Mapped[str] = mapped_column(String(255))
    # The newest one: a retry of a failed image is a new job.
    job_id: Mapped[str | None] = mapped_column(ForeignKey("jobs.id", ondelete="SET NULL"), index=True)
    error_code: Mapped[str | None] = mapped_column(String(64))
    error_message: Mapped[str | None] = mapped_column(Text)
    error_values: Mapped[dict[str, Any] | None] = mapped_column(JSON)

    batch: Mapped[Batch] = relationship(Batch, back_populates="items")
    job: Mapped[Job | None] = relationship(Job)
