"""Usage of accounts: figures for the account itself, and a table for the operator."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, case, cast, func, select
from sqlalchemy.orm import Session

from upscaler.models import Account, Job, JobStatus, Upload, iso8601, utcnow
from upscaler.services import audit

COLUMNS = (
    *("day", "username", "jobs", "completed", "failed", "canceled"),
    *("input_pixels", "output_pixels", "result_bytes", "worker_seconds"),
)
# A spreadsheet takes a text that begins with one of these for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Usage:
    """The usage of an account: jobs, input and output in pixels, time of workers in seconds."""

    jobs: int
    jobs_last_day: int
    completed: int
    input_pixels: int
    output_pixels: int
    worker_seconds: int


def usage_of(session: Session, account: Account, now: datetime | None = None) -> Usage:
    """Add up the usage of an account; "the last day" is the last 24 hours."""
    since = (now or utcnow()) - timedelta(days=1)
    row = session.execute(
        select(
            func.count(Job.id),
            _count(Job.created_at >= since),
            _count(Job.status == JobStatus.COMPLETED.value),
            *_sums(),
        )
        .join(Upload, Job.upload_id == Upload.id)
        .where(Job.owner_id == account.id)
    ).one()
    jobs, last_day, completed, read, written, _, seconds = (int(value or 0) for value in row)
    return Usage(jobs, last_day, completed, read, written, seconds)


def export(session: Session, actor: audit.Actor, since: datetime | None, until: datetime | None) -> str:
    """Return the table as one text, and leave a row in the audit trail; see ``usage_table``."""
    text = "".join(usage_table(session, since, until))
    period = {"from": since and iso8601(since), "until": until and iso8601(until)}
    audit.record(session, actor, "usage.export", details=period)
    session.commit()
    return text


def usage_table(session: Session, since: datetime | None, until: datetime | None) -> Iterator[str]:
    """Yield the lines of a CSV file: one row for each account and day in UTC on which it sent jobs.

    ``since`` is the first moment that counts, ``until`` the first that does not. Jobs of visitors have no user name.
    """
    day = (
        func.date(Job.created_at)
        if session.get_bind().dialect.name == "sqlite"
        else func.to_char(func.timezone("UTC", Job.created_at), "YYYY-MM-DD")
    )
    ended = (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELED)
    query = (
        select(
            day.label("day"),
            Account.username.label("who"),
            func.count(Job.id),
            *(_count(Job.status == status.value) for status in ended),
            *_sums(),
        )
        .join(Upload, Job.upload_id == Upload.id)
        .outerjoin(Account, Job.owner_id == Account.id)
        .group_by("day", "who")
        .order_by("day", "who")
    )
    if since is not None:
        query = query.where(Job.created_at >= since)
    if until is not None:
        query = query.where(Job.created_at < until)
    yield _line(COLUMNS)
    for row in session.execute(query):
        yield _line([row[0], _plain(row[1] or ""), *(int(value or 0) for value in row[2:])])


def _count(condition: ColumnElement[bool]) -> ColumnElement[Any]:
    return func.sum(case((condition, 1), else_=0))


def _sums() -> tuple[ColumnElement[Any], ...]:
    # Products of two sides do not fit into the columns' own type.
    wide: ColumnElement[Any] = cast(Upload.width, BigInteger)
    result: ColumnElement[Any] = cast(Job.result_width, BigInteger)
    return (
        func.sum(wide * Upload.height),
        func.sum(result * Job.result_height),
        func.sum(Job.result_size_bytes),
        func.sum(Job.duration_seconds),
    )


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _line(values: Any) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(values)
    return text.getvalue()
