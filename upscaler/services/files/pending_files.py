"""Pending files: no stored file outlives the rows that point to it, whenever a process dies.

The storage and the database do not share transactions. The table ``pending_files`` holds the key of every file between
the two, and a file whose key is neither there nor in another row does not exist. ::

    storing     reserve: key into pending_files, commit ......... the process may die from here on
                store the file
                commit:  key out of pending_files, in the transaction that inserts the row pointing to the file

    deleting    delete:  key into pending_files, in the transaction that deletes the row pointing to the file
                remove the file, then the key ................... or leave both to a collection

    collecting  every key that was reserved too long ago, or is to be deleted: remove the file, then the key

A process that dies while storing, or a storage that is away while deleting, leaves a key in the table, and a later
collection removes the file. Rows are deleted before files, never the other way round: a row that points to nothing
could be neither shown nor repaired. ``services.files.deletion`` is the deleting part as one call.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import delete as delete_rows
from sqlalchemy import insert, select, update
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from upscaler.errors import StorageUnavailable
from upscaler.models import PendingFile, utcnow
from upscaler.models.database import changed_rows, insert_new
from upscaler.storage import Storage

log = structlog.get_logger()

# Files treated in one round.
BATCH = 100


def reserve(session: Session, keys: Sequence[str]) -> None:
    """Note keys of files that are about to be stored, and commit: nothing else may be pending in the session."""
    now = utcnow()
    session.execute(insert(PendingFile), [{"key": key, "created_at": now} for key in keys])
    session.commit()


@contextmanager
def reserved(session: Session, storage: Storage, keys: Sequence[str]) -> Iterator[None]:
    """Reserve files, which the block stores and commits; none of them is left when it raises."""
    reserve(session, keys)
    try:
        yield
    except StorageUnavailable:
        # Another call would fail as well while a person waits: files that were stored are left to a collection.
        session.rollback()
        raise
    except BaseException:
        session.rollback()
        discard(session, storage, keys)
        raise


def commit(session: Session, keys: Sequence[str]) -> None:
    """Remove reservations in the caller's transaction, which makes rows point to the files.

    Raises:
        StorageUnavailable: storing took so long that a collection has removed them. The transaction is rolled back.
    """
    if not keys:
        return
    removed = session.execute(
        delete_rows(PendingFile)
        .where(PendingFile.key.in_(keys), PendingFile.deleting_since.is_(None))
        .execution_options(synchronize_session=False)
    )
    if changed_rows(removed) != len(keys):
        session.rollback()
        raise StorageUnavailable


def delete(session: Session, keys: Sequence[str]) -> None:
    """Note files that are to be removed, in the caller's transaction, which deletes the rows pointing to them."""
    now = utcnow()
    insert_new(session, PendingFile, [{"key": key, "created_at": now, "deleting_since": now} for key in keys])


def remove(session: Session, storage: Storage, keys: Sequence[str]) -> bool:
    """Remove files that ``delete`` has noted, after the commit; return whether all are removed.

    Where the database or the storage is away, a later collection does it. Never raises on their account.
    """
    try:
        for key in keys:
            _remove(session, storage, key)
    except (StorageUnavailable, OperationalError, InterfaceError):
        log.warning("files.left_to_collection", keys=list(keys), exc_info=True)
        session.rollback()
        return False
    return True


def discard(session: Session, storage: Storage, keys: Sequence[str]) -> None:
    """Remove reserved files that are not needed after all. Those that a row points to by now stay.

    Where the database or the storage is away, a later collection does it. Never raises on their account.
    """
    try:
        for key in keys:
            if _revoke(session, key):
                _remove(session, storage, key)
    except (StorageUnavailable, OperationalError, InterfaceError):
        log.warning("files.left_to_collection", keys=list(keys), exc_info=True)
        session.rollback()


def collect(session: Session, storage: Storage, age: timedelta) -> None:
    """Remove files that were reserved longer than ``age`` ago and never committed, and those left by deletions.

    Safe to run on every worker at once.

    Raises:
        StorageUnavailable: the rest is for a later round.
    """
    before = utcnow() - age
    old = select(PendingFile.key).where(PendingFile.deleting_since.is_(None), PendingFile.created_at < before)
    for key in _some(session, old):
        if _revoke(session, key):
            log.info("files.orphan_removed", key=key)
            storage.delete(key)
    # The process of a reservation may be slow and not dead, and store the file after all: each is removed once more.
    for key in _some(session, select(PendingFile.key).where(PendingFile.deleting_since < before)):
        _remove(session, storage, key)


def _some(session: Session, wanted: Any) -> list[str]:
    found = list(session.scalars(wanted.limit(BATCH)))
    session.commit()
    return found


def _revoke(session: Session, key: str) -> bool:
    """End a reservation, so that no row can point to the file any more; return False where it has ended already."""
    revoked = session.execute(
        update(PendingFile)
        .where(PendingFile.key == key, PendingFile.deleting_since.is_(None))
        .values(deleting_since=utcnow())
        .execution_options(synchronize_session=False)
    )
    session.commit()
    return changed_rows(revoked) == 1


def _remove(session: Session, storage: Storage, key: str) -> None:
    storage.delete(key)
    session.execute(delete_rows(PendingFile).where(PendingFile.key == key))
    session.commit()
