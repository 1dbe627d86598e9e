"""Stored files, or files about to be stored, that no other row points to."""

from __future__ import annotations

from datetime import datetime

from flask_appbuilder import Model
from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from upscaler.models.types import UTCDateTime, utcnow


class PendingFile(Model):
    """The key of a file that is being stored or deleted; see ``services.files.pending_files``.

    ``deleting_since`` is the moment at which its deletion was decided: from then on no row may point to it any more.
    """

    __tablename__ = "pending_files"

    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow, index=True)
    deleting_since: Mapped[datetime | None] = mapped_column(UTCDateTime, index=True)

    def __repr__(self) -> str:
        return self.key
