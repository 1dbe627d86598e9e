"""Searches of the operator's lists, shared by the API and the console: the meaning of each filter stands here once.

A *condition* is the meaning of one filter; a *query* is a whole list with its filters, for the API. The console
combines the same conditions in the queries of Flask-AppBuilder.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select
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
    folded,
)

# The owner to search for to find jobs and batches of visitors.
NOBODY = "-"


def contains(column: InstrumentedAttribute[Any], text: str) -> ColumnElement[bool]:
    """Return the condition that a column contains a text, in capitals or not."""
    return column.icontains(text, autoescape=True)


def since(column: InstrumentedAttribute[Any], moment: datetime) -> ColumnElement[bool]:
    """Return the condition that a time is at ``moment`` or later."""
    return column >= moment


def until(column: InstrumentedAttribute[Any], moment: datetime) -> ColumnElement[bool]:
    """Return the condition that a time is before ``moment``, the end of a period."""
    return column < moment


def named(name: str) -> ColumnElement[bool]:
    """Return the condition that the user name of an account contains ``name``."""
    return contains(Account.username_key, folded(name))


def owned_by(table: type[Job] | type[Batch], name: str) -> ColumnElement[bool]:
    """Return the condition that the user name of the owner contains ``name``; ``-`` for visitors."""
    if name == NOBODY:
        return table.owner_id.is_(None)
    return table.owner.has(named(name))


def job_matches(text: str) -> ColumnElement[bool]:
    """Return the condition that a job's id, its upload's id or the file's name contains a text."""
    named = Job.upload.has(contains(Upload.original_filename, text))
    return or_(named, contains(Job.id, text), contains(Job.upload_id, text))


def audit_matches(text: str) -> ColumnElement[bool]:
    """Return the condition that the entity, the action or the address of a row of the trail contains a text."""
    columns = (AuditLog.entity_type, AuditLog.entity_id, AuditLog.action, AuditLog.ip_address)
    return or_(*(contains(column, text) for column in columns))


def account_matches(text: str) -> ColumnElement[bool]:
    """Return the condition that the user name, the e-mail address or the name of an account contains a text."""
    names = or_(*(contains(column, text) for column in (Account.first_name, Account.last_name)))
    return or_(named(text), contains(Account.email_key, folded(text)), names)


def delivery_matches(text: str) -> ColumnElement[bool]:
    """Return the condition that the job's id, the message's id or the recipient of a delivery contains a text."""
    columns = (Delivery.job_id, Delivery.id, Delivery.target)
    return or_(*(contains(column, text) for column in columns))


def has_role(role: str) -> ColumnElement[bool]:
    """Return the condition that an account is an admin (``admin``) or not (any other text)."""
    admin = Account.roles.any(Role.name == ADMIN_ROLE)
    return admin if role == "admin" else ~admin


def has_preset(name: str) -> ColumnElement[bool]:
    """Return the condition that a job was sent with a preset."""
    return Job.params["preset"].as_string() == name


@dataclass(frozen=True)
class JobSearch:
    """Filters of jobs; None for any. ``until`` is the end of the period."""

    status: str | None = None
    owner: str | None = None
    model: str | None = None
    text: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def jobs(wanted: JobSearch) -> Select[Any]:
    """Return a query for jobs with their uploads and owners."""
    query = select(Job).options(joinedload(Job.upload), joinedload(Job.owner))
    if wanted.status:
        query = query.where(Job.status == wanted.status)
    if wanted.owner:
        query = query.where(owned_by(Job, wanted.owner))
    if wanted.model:
        query = query.where(contains(Job.model, wanted.model))
    if wanted.text:
        query = query.where(job_matches(wanted.text))
    return _within(query, Job.created_at, wanted.since, wanted.until)


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
        query = query.where(has_preset(preset))
    return _within(query, Job.created_at, since, until)


def batches(*, owner: str | None, since: datetime | None, until: datetime | None) -> Select[Any]:
    """Return a query for batches with their items and owners."""
    query = select(Batch).options(
        joinedload(Batch.owner), selectinload(Batch.items).joinedload(BatchItem.job)
    )
    if owner:
        query = query.where(owned_by(Batch, owner))
    return _within(query, Batch.created_at, since, until)


def audit_rows(
    *, text: str | None, user: str | None, action: str | None, since: datetime | None, until: datetime | None
) -> Select[Any]:
    """Return a query for rows of the audit trail."""
    query = select(AuditLog)
    if text:
        query = query.where(audit_matches(text))
    if user:
        query = query.where(contains(AuditLog.username, user))
    if action:
        query = query.where(AuditLog.action == action)
    return _within(query, AuditLog.created_at, since, until)


def accounts(*, text: str | None, role: str | None, active: bool | None) -> Select[Any]:
    """Return a query for accounts with their roles; ``role`` is ``admin`` or ``user``."""
    query = select(Account).options(selectinload(Account.roles))
    if text:
        query = query.where(account_matches(text))
    if role:
        query = query.where(has_role(role))
    if active is not None:
        query = query.where(Account.active.is_(active))
    return query


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
    return query.where(AccountKey.user.has(named(user))) if user else query


def _within(
    query: Select[Any],
    column: InstrumentedAttribute[datetime],
    start: datetime | None,
    end: datetime | None,
) -> Select[Any]:
    if start:
        query = query.where(since(column, start))
    if end:
        query = query.where(until(column, end))
    return query
