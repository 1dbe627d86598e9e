"""Responses to requests with an ``Idempotency-Key``, for their repetitions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import JSON, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from upscaler.models.lease import LeaseColumns
from upscaler.models.types import UTCDateTime, utcnow


class IdempotencyRecord(LeaseColumns, Model):
    """A key and the response stored under it. Without a status the first request is in progress and holds the lease."""

    __tablename__ = "idempotency_records"

    # A hash of the caller and the key.
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    # A hash of the request: the same key with a different request is refused.
    fingerprint: Mapped[str] = mapped_column(String(64))
    status: Mapped[int | None] = mapped_column(Integer)
    headers: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    body: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow, index=True)
