from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from upscaler.errors import StorageUnavailable
from upscaler.models import PendingFile, utcnow
from upscaler.models.database import make_engine
from upscaler.services.files import pending_files
from upscaler.storage import LocalStorage

DATABASES = ("sqlite", "postgresql")

HOUR = timedelta(hours=1)
KEY = "results/ab/job_ab.png"


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "files")


@pytest.fixture
def put(storage: LocalStorage, tmp_path: Path) -> Callable[[str], Path]:
    """Return a function that stores a file, and returns where it lies."""

    def store(key: str = KEY) -> Path:
        (tmp_path / "new").write_bytes(b"pixels")
        storage.save(key, tmp_path / "new")
        return storage.root / key

    return store


def rows(session: Session) -> list[str]:
    session.expire_all()
    return list(session.scalars(select(PendingFile.key).order_by(PendingFile.key)))


def age(session: Session, by: timedelta) -> None:
    """Let every row be that much older."""
    for row in session.scalars(select(PendingFile)):
        row.created_at -= by
        if row.deleting_since is not None:
            row.deleting_since -= by
    session.commit()


def test_a_file_that_was_never_committed_is_collected_after_some_time(
    db_session: Session, storage: LocalStorage, put: Callable[..., Path]
) -> None:
    pending_files.reserve(db_session, [KEY])
    path = put()

    pending_files.collect(db_session, storage, HOUR)
    assert path.exists()
    age(db_session, 2 * HOUR)
    pending_files.collect(db_session, storage, HOUR)

    assert not path.exists()


def test_a_slow_process_cannot_point_to_a_removed_file_and_its_late_file_is_removed_too(
    db_session: Session, storage: LocalStorage, put: Callable[..., Path]
) -> None:
    pending_files.reserve(db_session, [KEY])
    age(db_session, 2 * HOUR)
    pending_files.collect(db_session, storage, HOUR)
    path = put()

    with pytest.raises(StorageUnavailable):
        pending_files.commit(db_session, [KEY])
    assert rows(db_session) == [KEY]
    age(db_session, 2 * HOUR)
    pending_files.collect(db_session, storage, HOUR)

    assert not path.exists()
    assert rows(db_session) == []


def test_a_committed_file_stays(db_session: Session, storage: LocalStorage, put: Callable[..., Path]) -> None:
    pending_files.reserve(db_session, [KEY])
    path = put()
    pending_files.commit(db_session, [KEY])
    db_session.commit()

    pending_files.collect(db_session, storage, timedelta(0))
    pending_files.discard(db_session, storage, [KEY])

    assert path.exists()
    assert rows(db_session) == []


def test_a_commit_that_is_rolled_back_leaves_the_file_to_the_collection(
    db_session: Session, storage: LocalStorage, put: Callable[..., Path]
) -> None:
    pending_files.reserve(db_session, [KEY])
    path = put()
    pending_files.commit(db_session, [KEY])
    db_session.rollback()

    pending_files.collect(db_session, storage, timedelta(0))

    assert not path.exists()


def test_all_files_are_committed_or_none(db_session: Session) -> None:
    pending_files.reserve(db_session, [KEY])

    with pytest.raises(StorageUnavailable):
        pending_files.commit(db_session, [KEY, "results/ab/never_reserved.png"])

    assert rows(db_session) == [KEY]


def test_a_storage_that_is_away_is_asked_again_later(
    db_session: Session, storage: LocalStorage, put: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_key: str) -> None:
        raise StorageUnavailable

    pending_files.reserve(db_session, [KEY])
    path = put()
    with monkeypatch.context() as patch:
        patch.setattr(storage, "delete", away)
        pending_files.discard(db_session, storage, [KEY])
    assert path.exists()
    age(db_session, 2 * HOUR)

    pending_files.collect(db_session, storage, HOUR)

    assert not path.exists()
    assert rows(db_session) == []


def test_a_database_that_is_away_hides_no_other_error(
    storage: LocalStorage, put: Callable[..., Path], tmp_path: Path
) -> None:
    path = put()
    away = make_engine(f"sqlite:///{tmp_path}/no/such/folder/app.db")

    with Session(away) as session:
        pending_files.discard(session, storage, [KEY])

    assert path.exists()
    away.dispose()


def test_many_files_are_removed_in_rounds(db_session: Session, storage: LocalStorage) -> None:
    keys = [f"results/ab/{number:04}.png" for number in range(pending_files.BATCH + 5)]
    pending_files.reserve(db_session, keys)

    for _ in range(4):
        pending_files.collect(db_session, storage, timedelta(0))

    assert rows(db_session) == []
    assert db_session.scalar(select(PendingFile.key).where(PendingFile.created_at > utcnow())) is None
