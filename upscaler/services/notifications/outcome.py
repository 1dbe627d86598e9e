"""Outcomes of attempts to deliver, shared by all channels."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Verdict(str, enum.Enum):
    """The consequence of an attempt."""

    DELIVERED = "delivered"
    RETRY = "retry"
    FAILED = "failed"
    GONE = "gone"


@dataclass(frozen=True)
class Outcome:
    """The verdict, the HTTP or SMTP status, and a line for the operator."""

    verdict: Verdict
    status: int | None = None
    detail: str = ""
