"""What an operator looks for among jobs, accounts and the rows of the trail, as queries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import InstrumentedAttribute, joinedload, selectinload

from upscaler.models import (
    ADMIN_ROLE,
    Account,
    AccountKey,
    AuditLog,
    Batch,
    BatchItem,
    Delivery,
    Job,
    Role,
    Upload,
)

# The owner to search for to find jobs of visitors.
NOBODY = "-"


@dataclass(frozen=True)
class JobSearch:
    """Which jobs; None for any. ``until`` is the first moment that does not count."""

    status: str | None = None
    owner: str | None = None
    model: str | None = None
    text: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def jobs(wanted: JobSearch) -> Select[Any]:
    """Return a query for jobs with their uploads and owners. ``owner`` is a user name, or ``-`` for visitors."""
    query = select(Job).options(joinedload(Job.upload), joinedload(Job.owner))
    if wanted.status:
        query = query.where(Job.status == wanted.status)
    if wanted.owner == NOBODY:
        query = query.where(Job.owner_id.is_(None))
    elif wanted.owner:
        query = query.where(Job.owner.has(Account.username == wanted.owner))
    if wanted.model:
        query = query.where(Job.model.icontains(wanted.model, autoescape=True))
    if wanted.text:
        named = Job.upload.has(Upload.original_filename.icontains(wanted.text, autoescape=True))
        ids = (column.icontains(wanted.text, autoescape=True) for column in (Job.id, Job.upload_id))
        query = query.where(or_(named, *ids))
    if wanted.since:
        query = query.where(Job.created_at >= wanted.since)
    if wanted.until:
        query = query.where(Job.created_at < wanted.until)
    return query


def audit_rows(
    *, text: str | None, user: str | None, action: str | None, since: datetime | None, until: datetime | None
) -> Select[Any]:
    """Return a query for rows of the trail; ``text`` is looked for in what was acted on, and in addresses."""
    query = select(AuditLog)
    if text:
        columns = (AuditLog.entity_type, AuditLog.entity_id, AuditLog.action, AuditLog.ip_address)
        query = query.where(or_(*(column.icontains(text, autoescape=True) for column in columns)))
    if user:
        query = query.where(AuditLog.username.icontains(user, autoescape=True))
    if action:
        query = query.where(AuditLog.action == action)
    if since:
        query = query.where(AuditLog.created_at >= since)
    if until:
        query = query.where(AuditLog.created_at < until)
    return query


def accounts(*, text: str | None, role: str | None, active: bool | None) -> Select[Any]:
    """Return a query for accounts with their roles; ``role`` is ``admin`` or ``user``."""
    query = select(Account).options(selectinload(Account.roles))
    if text:
        columns = (Account.username, Account.email, Account.first_name, Account.last_name)
        query = query.where(or_(*(column.icontains(text, autoescape=True) for column in columns)))
    if role:
        admin = Account.roles.any(Role.name == ADMIN_ROLE)
        query = query.where(admin if role == "admin" else ~admin)
    if active is not None:
        query = query.where(Account.active.is_(active))
    return query


def jobs_of(
    account: Account,
    *,
    status: str | None,
    preset: str | None,
    since: datetime | None,
    until: datetime | None,
) -> Select[Any]:
    """Return a query for the jobs of an account with their uploads."""
    query = select(Job).where(Job.owner_id == account.id).options(joinedload(Job.upload))
    if status:
        query = query.where(Job.status == status)
    if preset:
        query = query.where(Job.params["preset"].as_string() == preset)
    return _within(query, Job.created_at, since, until)


def batches(*, owner: str | None, since: datetime | None, until: datetime | None) -> Select[Any]:
    """Return a query for batches with their items and owners. ``owner`` is a user name, or ``-`` for visitors."""
    query = select(Batch).options(
        joinedload(Batch.owner), selectinload(Batch.items).joinedload(BatchItem.job)
    )
    if owner == NOBODY:
        query = query.where(Batch.owner_id.is_(None))
    elif owner:
        query = query.where(Batch.owner.has(Account.username == owner))
    return _within(query, Batch.created_at, since, until)


def deliveries(
    *,
    job_id: str | None,
    kind: str | None,
    status: str | None,
    since: datetime | None,
    until: datetime | None,
) -> Select[Any]:
    """Return a query for deliveries."""
    query = select(Delivery)
    wanted = ((Delivery.job_id, job_id), (Delivery.kind, kind), (Delivery.status, status))
    query = query.where(*(column == value for column, value in wanted if value))
    return _within(query, Delivery.created_at, since, until)


def api_keys(*, user: str | None) -> Select[Any]:
    """Return a query for the keys of all accounts that were not revoked, with their accounts."""
    query = select(AccountKey).options(joinedload(AccountKey.user)).where(AccountKey.revoked_at.is_(None))
    return query.where(AccountKey.user.has(Account.username == user)) if user else query


def _within(
    query: Select[Any],
    column: InstrumentedAttribute[datetime],
    since: datetime | None,
    until: datetime | None,
) -> Select[Any]:
    if since:
        query = query.where(column >= since)
    if until:
        query = query.where(column < until)
    return query
