"""The columns of a row that is worked on by one process at a time; ``services.leases`` reads and writes them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from upscaler.models.types import UTCDateTime


class LeaseColumns:
    """Mix in to a table with a text ``id``. Both columns are None while the row is not held."""

    # Random, made with each claim. Every later change by its holder must show it.
    claim_token: Mapped[str | None] = mapped_column(String(32))
    # After this moment any process may claim the row.
    lease_expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
