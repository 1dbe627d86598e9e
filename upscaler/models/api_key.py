"""API keys of accounts."""

from __future__ import annotations

from datetime import datetime

from flask_appbuilder import Model
from sqlalchemy import JSON, ForeignKey, String
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
    # The first characters, which identify a key in lists.
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
