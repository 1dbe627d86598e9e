"""What programs sign in with: API keys, and sessions of short-lived tokens. And the answers kept for their retries."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import JSON, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from upscaler.models.types import UTCDateTime, random_id, utcnow
from upscaler.models.user import Account


class AccountKey(Model):
    """An API key of an account. The key itself is shown once and never stored.

    Its class cannot be called ``ApiKey``: Flask-AppBuilder has one of that name, which is not used.
    """

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: random_id("key"))
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(64))
    # The first characters, so that people can tell their keys apart.
    prefix: Mapped[str] = mapped_column(String(16))
    # SHA-256 of the key: it has 256 random bits, which no salt or slow hash would make harder to guess.
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    user: Mapped[Account] = relationship(Account)

    def __repr__(self) -> str:
        return self.id


class TokenSession(Model):
    """One login of a program. Its tokens are good as long as this row is there."""

    __tablename__ = "token_sessions"

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: random_id("ses"))
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id", ondelete="CASCADE"), index=True)
    # The one refresh token that may still be used; each use makes the next one.
    refresh_id: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


class KeptAnswer(Model):
    """The answer to a request with an ``Idempotency-Key``; without a status while the first request is at work."""

    __tablename__ = "kept_answers"

    # A hash of the caller, the endpoint and the key.
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    # A hash of what was asked: the same key with anything else is refused.
    fingerprint: Mapped[str] = mapped_column(String(64))
    # Who is at work on it, so that a request that was given up cannot write over its successor's answer.
    token: Mapped[str] = mapped_column(String(32))
    status: Mapped[int | None] = mapped_column(Integer)
    headers: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    body: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow, index=True)
