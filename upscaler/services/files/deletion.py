"""Deletion of stored files together with the rows that point to them: the one protocol for jobs, previews and models.

Rows go first, in one transaction with the decision to remove their files; the files follow. A storage that is away, or
a process that dies in between, delays the removal of a file and never loses it: see ``pending_files``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from upscaler.services.files import pending_files
from upscaler.storage import Storage


@dataclass
class Deletion:
    """Keys of the files to remove, and afterwards whether they are removed; a collection does it where not."""

    keys: list[str] = field(default_factory=list)
    files_removed: bool = False


@contextmanager
def deletion(session: Session, storage: Storage) -> Iterator[Deletion]:
    """Delete files with the rows that point to them.

    The block deletes the rows and names the files' keys; both are committed together. When the block raises, it is
    rolled back and nothing is deleted.
    """
    deleted = Deletion()
    try:
        yield deleted
        pending_files.delete(session, deleted.keys)
        session.commit()
    except BaseException:
        session.rollback()
        raise
    deleted.files_removed = pending_files.remove(session, storage, deleted.keys)
