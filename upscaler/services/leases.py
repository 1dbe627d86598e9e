"""Leases: the right of one process to work on a row until a moment, proven by a token.

A process *claims* a row by one conditional UPDATE whose row count must be 1, and gets a ``Lease``. Every later change
by that process names the lease's token in its condition: once the row was claimed anew, canceled or finished, the token
no longer matches and the change does nothing (*fencing*). A process that dies leaves its lease to expire; then the row
is free for the next claim. ::

    free --claim--> held --finish or release--> free, final or gone, as the table's other columns say
                     |  ^
                     |  +--renew
                     +--expires--> free

Each function is one statement within the caller's transaction, which the caller commits, or rolls back where the
function returns None or False. Rows are those of any table with ``LeaseColumns`` and a text ``id``.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import ColumnElement, and_, delete, or_, update
from sqlalchemy.orm import Mapped, Session

from upscaler.models import utcnow
from upscaler.models.database import changed_rows

# Values of the columns of a row that is not held.
RELEASED: Mapping[str, Any] = {"claim_token": None, "lease_expires_at": None}


class Leased(Protocol):
    """A table whose rows can be leased."""

    id: Mapped[str]
    claim_token: Mapped[str | None]
    lease_expires_at: Mapped[datetime | None]


@dataclass(frozen=True)
class Lease:
    """The right to work on the row ``id``."""

    id: str
    token: str


def granted(row_id: str, lasts: timedelta, now: datetime | None = None) -> tuple[Lease, dict[str, Any]]:
    """Return a new lease, and the values of its columns for a row that is inserted with it."""
    lease = Lease(row_id, secrets.token_hex(16))
    return lease, {"claim_token": lease.token, "lease_expires_at": (now or utcnow()) + lasts}


def is_free(table: type[Leased], now: datetime) -> ColumnElement[bool]:
    """Return the condition that a row is not held, or its holder's lease has expired."""
    return or_(table.lease_expires_at.is_(None), table.lease_expires_at < now)


def has_expired(table: type[Leased], now: datetime) -> ColumnElement[bool]:
    """Return the condition that a row was claimed and its lease has expired."""
    return table.lease_expires_at < now


def is_held(table: type[Leased], lease: Lease) -> ColumnElement[bool]:
    """Return the condition that a row is held under this very lease."""
    return and_(table.id == lease.id, table.claim_token == lease.token)


def claim(
    session: Session,
    table: type[Leased],
    row_id: str,
    condition: ColumnElement[bool],
    lasts: timedelta,
    *,
    now: datetime | None = None,
    **values: Any,
) -> Lease | None:
    """Claim a row of which ``condition`` is true, and set ``values``; return None where it is not true any more."""
    lease, columns = granted(row_id, lasts, now)
    claimed = change(session, table, and_(table.id == row_id, condition), {**columns, **values})
    return lease if claimed else None


def renew(
    session: Session,
    table: type[Leased],
    lease: Lease,
    lasts: timedelta,
    *,
    now: datetime | None = None,
    **values: Any,
) -> bool:
    """Let a lease last from now on, and set ``values``; return False when the row is no longer held under it."""
    until = {"lease_expires_at": (now or utcnow()) + lasts}
    return change(session, table, is_held(table, lease), {**until, **values})


def finish(session: Session, table: type[Leased], lease: Lease, **values: Any) -> bool:
    """Set ``values`` and release the row; return False, and change nothing, when it is no longer held."""
    return change(session, table, is_held(table, lease), {**RELEASED, **values})


def remove(session: Session, table: type[Leased], lease: Lease) -> bool:
    """Delete a held row; return False when it is no longer held."""
    statement = delete(table).where(is_held(table, lease))
    return changed_rows(session.execute(statement.execution_options(synchronize_session=False))) == 1


def change(
    session: Session, table: type[Leased], condition: ColumnElement[bool], values: Mapping[str, Any]
) -> bool:
    """Change the one row that fulfills the condition; return False when there is none.

    Objects that the session has loaded are not updated: read them anew.
    """
    statement = update(table).where(condition).values(**values)
    return changed_rows(session.execute(statement.execution_options(synchronize_session=False))) == 1
