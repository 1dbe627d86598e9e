"""Leave no file behind that nothing points to, whenever a process dies.

The storage and the database do not share transactions. So the key of a file is written down before the file is stored
(``announce``) and crossed out in the very transaction that makes a row point to it (``settle``). What stays written
down belongs to a process that has died or failed: it is removed at once (``discard``) or by a ``sweep``. The other way
round, the transaction that deletes a row gives its files up to the sweep (``give_up``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from upscaler.errors import StorageUnavailable
from upscaler.models import PendingFile, utcnow
from upscaler.models.database import changed_rows
from upscaler.storage import Storage

log = structlog.get_logger()

# Files treated in one round.
BATCH = 100


def announce(session: Session, keys: Sequence[str]) -> None:
    """Write down what is about to be stored, and commit: nothing else may be pending in the session."""
    now = utcnow()
    session.execute(insert(PendingFile), [{"key": key, "created_at": now} for key in keys])
    session.commit()


@contextmanager
def announced(session: Session, storage: Storage, keys: Sequence[str]) -> Iterator[None]:
    """Announce files, which the block stores and settles; none of them is left when it raises."""
    announce(session, keys)
    try:
        yield
    except StorageUnavailable:
        # It would be asked in vain, and somebody waits: what it may have taken is left to a sweep.
        session.rollback()
        raise
    except BaseException:
        session.rollback()
        discard(session, storage, keys)
        raise


def settle(session: Session, keys: Sequence[str]) -> None:
    """Cross files out in the caller's transaction, which makes rows point to them.

    Raises:
        StorageUnavailable: storing took so long that a sweep has removed them. The transaction is rolled back.

    """
    if not keys:
        return
    crossed = session.execute(
        delete(PendingFile)
        .where(PendingFile.key.in_(keys), PendingFile.doomed_at.is_(None))
        .execution_options(synchronize_session=False)
    )
    if changed_rows(crossed) != len(keys):
        session.rollback()
        raise StorageUnavailable


def give_up(session: Session, keys: Sequence[str]) -> None:
    """Leave files to the sweep, in the caller's transaction, which takes from rows the right to point to them."""
    now = utcnow()
    session.execute(insert(PendingFile), [{"key": key, "created_at": now, "doomed_at": now} for key in keys])


def discard(session: Session, storage: Storage, keys: Sequence[str]) -> None:
    """Remove announced files that are not wanted after all. Those that a row points to by now stay.

    Where the database or the storage is away, a later sweep does it. Never raises on their account.
    """
    try:
        for key in keys:
            if _doom(session, key):
                storage.delete(key)
                session.execute(delete(PendingFile).where(PendingFile.key == key))
                session.commit()
    except (StorageUnavailable, OperationalError, InterfaceError):
        log.warning("files.left_to_sweep", keys=list(keys), exc_info=True)
        session.rollback()


def sweep(session: Session, storage: Storage, age: timedelta) -> None:
    """Remove files that were announced longer than ``age`` ago and that no row points to.

    Safe to run on every worker at once.

    Raises:
        StorageUnavailable: the rest is for a later round.

    """
    before = utcnow() - age
    old = select(PendingFile.key).where(PendingFile.doomed_at.is_(None), PendingFile.created_at < before)
    for key in _some(session, old):
        if _doom(session, key):
            log.info("files.orphan_removed", key=key)
            storage.delete(key)
    # Whoever announced a file may be slow rather than dead, and store it after all: so each is removed once more.
    doomed = select(PendingFile.key).where(PendingFile.doomed_at < before)
    for key in _some(session, doomed):
        storage.delete(key)
        session.execute(delete(PendingFile).where(PendingFile.key == key))
        session.commit()


def _some(session: Session, wanted: Any) -> list[str]:
    found = list(session.scalars(wanted.limit(BATCH)))
    session.commit()
    return found


def _doom(session: Session, key: str) -> bool:
    """Take from everybody the right to point to a file; return False where somebody does, or another sweep took it."""
    doomed = session.execute(
        update(PendingFile)
        .where(PendingFile.key == key, PendingFile.doomed_at.is_(None))
        .values(doomed_at=utcnow())
        .execution_options(synchronize_session=False)
    )
    session.commit()
    return changed_rows(doomed) == 1
