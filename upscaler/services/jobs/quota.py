"""Quota rules: how many images a sender may send in a period, and how many jobs may wait.

A rate is a text such as ``10 per hour``, or ``off`` for no limit. The views count requests against it, since they know
the caller; this module says which rate applies to whom.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config import RuntimeValues
from upscaler.errors import QueueFull
from upscaler.models import Job, JobStatus, Preview

# Previews that may wait. More would not be done within the seconds that a preview is for.
MAX_WAITING_PREVIEWS = 100


@dataclass(frozen=True)
class Quota:
    """The quota of a sender.

    Attributes:
        upload_rate: of images, sent alone or in batches.
        preview_rate: of previews.
        request_rate: of all other requests.
        keep_days: after which images are deleted; 0 for never.
    """

    upload_rate: str
    preview_rate: str
    request_rate: str
    keep_days: int


def quota_of(values: RuntimeValues, *, has_account: bool) -> Quota:
    """Return the quota of a sender with an account, or of a visitor."""
    return Quota(
        upload_rate=values.account_rate_limit if has_account else values.rate_limit,
        preview_rate=values.preview_rate_limit,
        request_rate=values.poll_rate_limit,
        keep_days=values.account_keep_days if has_account else values.visitor_keep_days,
    )


def check_queue(session: Session, values: RuntimeValues, jobs: int) -> None:
    """Raise ``QueueFull`` when more jobs would wait than may, with so many new ones."""
    queued = select(func.count()).select_from(Job).where(Job.status == JobStatus.QUEUED.value)
    if (session.scalar(queued) or 0) + jobs > values.queue_limit:
        raise QueueFull


def check_previews(session: Session) -> None:
    """Raise ``QueueFull`` when too many previews wait."""
    queued = select(func.count()).select_from(Preview).where(Preview.status == JobStatus.QUEUED.value)
    if (session.scalar(queued) or 0) >= MAX_WAITING_PREVIEWS:
        raise QueueFull
