"""How an attempt to deliver ended, in words that all channels share."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Verdict(str, enum.Enum):
    """What follows from an attempt."""

    DELIVERED = "delivered"
    RETRY = "retry"
    FAILED = "failed"
    GONE = "gone"


@dataclass(frozen=True)
class Outcome:
    """The verdict, the status that the other side gave (of HTTP or SMTP), and a line for the operator."""

    verdict: Verdict
    status: int | None = None
    detail: str = ""
