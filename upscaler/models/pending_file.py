"""Files that lie in the storage, or soon will, and that no other row points to yet."""

from __future__ import annotations

from datetime import datetime

from flask_appbuilder import Model
from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from upscaler.models.types import UTCDateTime, utcnow


class PendingFile(Model):
    """The key of a file that is about to be stored. The row goes in the transaction that makes another row point to it.

    ``doomed_at`` is when a sweep decided to remove the file: from then on no row may point to it any more.
    """

    __tablename__ = "loose_files"

    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow, index=True)
    doomed_at: Mapped[datetime | None] = mapped_column(UTCDateTime, index=True)

    def __repr__(self) -> str:
        return self.key
