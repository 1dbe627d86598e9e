"""Messages that are due: the outbox. A row is written in the transaction that ends a job, and sent afterwards."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import JSON, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from upscaler.models.job import Job
from upscaler.models.types import UTCDateTime, random_id, utcnow


class DeliveryKind(str, enum.Enum):
    """The way a message takes."""

    WEBHOOK = "webhook"
    EMAIL = "email"


class DeliveryStatus(str, enum.Enum):
    """Where a delivery stands. All but ``PENDING`` are final until a person asks to send again."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
    GONE = "gone"


class Delivery(Model):
    """The news that a job has ended, for one receiver."""

    __tablename__ = "deliveries"
    __table_args__ = (
        # A job ends once, and then each receiver is told once.
        UniqueConstraint("job_id", "kind", name="uq_deliveries_job_id_kind"),
        Index("ix_deliveries_status_next_attempt_at", "status", "next_attempt_at"),
    )

    # Also the ``webhook-id``: the same however often it is sent, so that receivers can drop a second copy.
    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: random_id("msg"))
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(16))
    target: Mapped[str] = mapped_column(Text)
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)

    status: Mapped[str] = mapped_column(String(16), default=DeliveryStatus.PENDING.value)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    next_attempt_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=utcnow)
    # The claim of a sender, as with jobs: a token that the result must show, until the lease runs out.
    claim_token: Mapped[str | None] = mapped_column(String(32))
    lease_expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    last_status: Mapped[int | None] = mapped_column(Integer)
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow, index=True)
    last_attempt_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    job: Mapped[Job] = relationship(Job)

    def __repr__(self) -> str:
        return self.id
