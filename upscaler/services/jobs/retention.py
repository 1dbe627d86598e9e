"""Retention: jobs that ended longer ago than the operator wants are deleted, with their files."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, delete, not_, or_, select
from sqlalchemy.orm import Session

from upscaler.errors import JobNotFound
from upscaler.models import Batch, BatchItem, Job, JobStatus, utcnow
from upscaler.services import audit
from upscaler.services.jobs import actions
from upscaler.services.jobs.quota import quota_of
from upscaler.services.settings.runtime import RuntimeSettings
from upscaler.storage import Storage

log = structlog.get_logger()

# Jobs that one round deletes; the next round is seconds later.
BATCH = 50
_ENDED = [status.value for status in JobStatus if status.ended]


def purge(session: Session, storage: Storage, settings: RuntimeSettings, now: datetime | None = None) -> None:
    """Delete jobs that ended longer ago than ``visitor_keep_days`` or ``account_keep_days``; 0 days are for ever.

    Jobs of a deleted account count as an account's. Batches without jobs are deleted as well. While the storage is away
    a round deletes one job. Safe to run on every worker at once.
    """
    values = settings.values(session)
    for of_accounts in (False, True):
        days = quota_of(values, has_account=of_accounts).keep_days
        if days > 0:
            _purge(session, storage, of_accounts, (now or utcnow()) - timedelta(days=days))


def _purge(session: Session, storage: Storage, of_accounts: bool, before: datetime) -> None:
    over = select(Job.id).where(Job.status.in_(_ENDED), Job.finished_at < before, _owned(Job, of_accounts))
    found = list(session.scalars(over.order_by(Job.finished_at).limit(BATCH)))
    session.commit()
    for job_id in found:
        job = session.get(Job, job_id, populate_existing=True)
        if job is None:
            continue
        try:
            files_removed = actions.delete(session, audit.SYSTEM, storage, job)
        except JobNotFound:
            # Another worker, or the owner, was faster.
            continue
        log.info("job.expired", job_id=job_id)
        if not files_removed:
            return
    left = select(BatchItem.id).where(BatchItem.batch_id == Batch.id, BatchItem.job_id.is_not(None))
    empty = delete(Batch).where(Batch.created_at < before, _owned(Batch, of_accounts), ~left.exists())
    session.execute(empty.execution_options(synchronize_session=False))
    session.commit()


def _owned(kind: type[Job] | type[Batch], of_accounts: bool) -> ColumnElement[bool]:
    owned = or_(kind.owner_id.is_not(None), kind.owner_gone)
    return owned if of_accounts else not_(owned)
