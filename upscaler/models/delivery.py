"""The outbox: messages about jobs. A row is written in the transaction of its event, and sent afterwards."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import JSON, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from upscaler.models.job import Job
from upscaler.models.lease import LeaseColumns
from upscaler.models.types import UTCDateTime, random_id, utcnow


class DeliveryKind(str, enum.Enum):
    """The channel of a message."""

    WEBHOOK = "webhook"
    EMAIL = "email"


class DeliveryStatus(str, enum.Enum):
    """The state of a delivery. All but ``PENDING`` are final until a person asks to send it again."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
    GONE = "gone"


class Delivery(LeaseColumns, Model):
    """A message about one event of a job to one recipient."""

    __tablename__ = "deliveries"
    __table_args__ = (
        # Each event of a job is reported once on each channel.
        UniqueConstraint("job_id", "kind", "event", name="uq_deliveries_job_id_kind_event"),
        Index("ix_deliveries_status_next_attempt_at", "status", "next_attempt_at"),
    )

    # Also the ``webhook-id``: the same however often it is sent, so that recipients can drop a second copy.
    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: random_id("msg"))
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(16))
    # Such as ``job.completed``; also the ``type`` of the payload.
    event: Mapped[str] = mapped_column(String(32))
    target: Mapped[str] = mapped_column(Text)
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)

    status: Mapped[str] = mapped_column(String(16), default=DeliveryStatus.PENDING.value)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    next_attempt_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=utcnow)

    last_status: Mapped[int | None] = mapped_column(Integer)
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow, index=True)
    last_attempt_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    job: Mapped[Job] = relationship(Job)

    def __repr__(self) -> str:
        return self.id
