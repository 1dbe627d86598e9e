from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import factories
from upscaler.errors import StorageUnavailable
from upscaler.models import PendingFile, Setting
from upscaler.services.files import pending_files
from upscaler.services.files.deletion import deletion
from upscaler.storage import LocalStorage

DATABASES = ("sqlite", "postgresql")

KEY = "results/ab/job_ab.png"


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    storage = LocalStorage(tmp_path / "files")
    (tmp_path / "new").write_bytes(b"pixels")
    storage.save(KEY, tmp_path / "new")
    return storage


@pytest.fixture
def row(db_session: Session) -> Setting:
    """Any row, in place of one that points to the file."""
    return factories.new_setting(db_session, "a", KEY)


def pending(session: Session) -> list[str]:
    session.expire_all()
    return list(session.scalars(select(PendingFile.key)))


def test_rows_and_files_go_together(db_session: Session, storage: LocalStorage, row: Setting) -> None:
    with deletion(db_session, storage) as deleted:
        deleted.keys.append(KEY)
        db_session.delete(row)

    assert deleted.files_removed
    assert db_session.get(Setting, "a") is None
    assert not (storage.root / KEY).exists()
    assert pending(db_session) == []


def delete_then(action: Callable[[], None], session: Session, storage: LocalStorage, row: Setting) -> None:
    with deletion(session, storage) as deleted:
        deleted.keys.append(KEY)
        session.delete(row)
        session.flush()
        action()


def test_an_error_keeps_both(db_session: Session, storage: LocalStorage, row: Setting) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        delete_then(fail, db_session, storage, row)

    assert db_session.get(Setting, "a") is not None
    assert (storage.root / KEY).exists()
    assert pending(db_session) == []


def test_a_file_is_not_removed_before_its_row(
    db_session: Session, storage: LocalStorage, row: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die() -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(db_session, "commit", die)
        with pytest.raises(SystemExit):
            delete_then(lambda: None, db_session, storage, row)

    assert db_session.get(Setting, "a") is not None
    assert (storage.root / KEY).exists()


def test_a_storage_that_is_away_delays_the_file_and_not_the_row(
    db_session: Session, storage: LocalStorage, row: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_key: str) -> None:
        raise StorageUnavailable

    with monkeypatch.context() as patched:
        patched.setattr(storage, "delete", away)
        with deletion(db_session, storage) as deleted:
            deleted.keys.append(KEY)
            db_session.delete(row)
    assert not deleted.files_removed
    assert db_session.get(Setting, "a") is None
    assert pending(db_session) == [KEY]

    pending_files.collect(db_session, storage, timedelta(0))

    assert not (storage.root / KEY).exists()
    assert pending(db_session) == []
