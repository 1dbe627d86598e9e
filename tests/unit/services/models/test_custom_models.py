from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.support.small_models import write_onnx
from upscaler.engine.model_import.probe import ProbeLimits
from upscaler.errors import StorageUnavailable
from upscaler.models import ModelRecord
from upscaler.services import audit
from upscaler.services.audit import Actor
from upscaler.services.files import pending_files
from upscaler.services.files.workspace import Workspace
from upscaler.services.models import model_table
from upscaler.services.models.custom_model_records import storage_keys
from upscaler.services.models.custom_models import CustomModels
from upscaler.storage import LocalStorage

ADMIN = Actor(None, "abdullah", "127.0.0.1")


@pytest.mark.parametrize("moment", ["storing", "recording"])
def test_nothing_is_left_of_a_model_whose_process_dies_while_it_is_added(
    db_session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    class Death(BaseException):
        """Nothing in the process can do anything any more."""

    def die(*_: object, **__: object) -> None:
        raise Death

    storage = LocalStorage(tmp_path / "files")
    custom = CustomModels(storage, Workspace(tmp_path / "scratch"), 10**6, ProbeLimits(threads=1))
    files = [("a.onnx", write_onnx(tmp_path / "a.onnx"))]
    with monkeypatch.context() as patched:
        patched.setattr(pending_files, "discard", lambda *_: None)
        patched.setattr(
            *{"storing": (pending_files, "commit", die), "recording": (audit, "record", die)}[moment]
        )
        with pytest.raises(Death):
            custom.add(db_session, ADMIN, files, name="mine", licence="", uses=())
    assert len(stored_files(storage)) == 1

    collect(db_session, storage)

    assert stored_files(storage) == []
    assert custom.add(db_session, ADMIN, files, name="mine", licence="", uses=()).name == "mine"
    collect(db_session, storage)
    assert len(stored_files(storage)) == 1


def test_nothing_is_left_of_a_model_that_is_deleted_while_the_storage_is_away(
    db_session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise StorageUnavailable

    storage = LocalStorage(tmp_path / "files")
    custom = CustomModels(storage, Workspace(tmp_path / "scratch"), 10**6, ProbeLimits(threads=1))
    files = [("a.onnx", write_onnx(tmp_path / "a.onnx"))]
    custom.add(db_session, ADMIN, files, name="mine", licence="", uses=())
    with monkeypatch.context() as patched:
        patched.setattr(storage, "delete", away)
        custom.delete(db_session, ADMIN, "mine")
    assert len(stored_files(storage)) == 1
    # The same again, whose files a collection leaves alone.
    custom.add(db_session, ADMIN, files, name="mine", licence="", uses=())

    collect(db_session, storage)

    assert stored_files(storage) == [stored_file(db_session, storage, "mine")]


def collect(session: Session, storage: LocalStorage) -> None:
    """Collect as often as it takes: the first round ends reservations."""
    for _ in range(2):
        pending_files.collect(session, storage, timedelta(0))


def stored_files(storage: LocalStorage) -> list[Path]:
    return [path for path in storage.root.rglob("*") if path.is_file()]


def stored_file(session: Session, storage: LocalStorage, name: str) -> Path:
    """Return the file of an ONNX model."""
    row = session.scalars(select(ModelRecord).where(ModelRecord.name == name)).one()
    [manifest] = [one for one in model_table.added(session) if one.name == name]
    return storage.root / storage_keys(row, manifest)["model.onnx"]
