"""Sessions of programs that sign in with a user name and a password."""

from __future__ import annotations

from datetime import datetime

from flask_appbuilder import Model
from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from upscaler.models.types import UTCDateTime, random_id, utcnow


class TokenSession(Model):
    """One login of a program. Its tokens are valid as long as this row exists."""

    __tablename__ = "token_sessions"

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: random_id("ses"))
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id", ondelete="CASCADE"), index=True)
    # The one refresh token that may still be used; each use makes the next one.
    refresh_id: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
