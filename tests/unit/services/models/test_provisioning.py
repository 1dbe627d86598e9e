from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.support.face_models import add_face_model, write_face_model
from tests.support.small_models import write_onnx
from upscaler.engine.faces.restore import active_face_model
from upscaler.engine.model_import.probe import ProbeLimits
from upscaler.engine.model_zoo.custom_model import Use
from upscaler.engine.model_zoo.model_folder import ModelFolder
from upscaler.engine.options import UpscaleOptions
from upscaler.errors import EngineUnavailable, FileGone, ModelRefused, UnknownModel
from upscaler.models import ModelRecord
from upscaler.services.audit import Actor
from upscaler.services.files.workspace import Workspace
from upscaler.services.models import model_table
from upscaler.services.models.custom_model_records import storage_keys
from upscaler.services.models.custom_models import CustomModels
from upscaler.services.models.provisioning import provide, provide_faces
from upscaler.storage import LocalStorage

ADMIN = Actor(None, "abdullah", "127.0.0.1")


def test_a_worker_fetches_what_it_lacks_and_nothing_else_than_what_was_examined(
    db_session: Session, tmp_path: Path
) -> None:
    storage = LocalStorage(tmp_path / "files")
    custom = CustomModels(storage, Workspace(tmp_path / "scratch"), 10**6, ProbeLimits(threads=1))
    here = ModelFolder(tmp_path / "models")
    files = [("a.onnx", write_onnx(tmp_path / "a.onnx"))]
    use = Use("photo", "2x")
    custom.add(db_session, ADMIN, files, name="mine", licence="", uses=(use,))
    manifest = model_table.added(db_session)[0]
    assert model_table.chosen(db_session, UpscaleOptions("2x", "photo"))[0].model == "mine"

    provide(db_session, storage, here, "mine")
    assert here.holds(manifest)
    # What was changed on this host is fetched anew.
    (here.folder("mine") / "model.onnx").write_bytes(b"something else")
    provide(db_session, storage, here, "mine")
    assert here.holds(manifest)

    here.remove("mine")
    kept = stored_file(db_session, storage, "mine")
    kept.write_bytes(b"something else")
    with pytest.raises(EngineUnavailable, match="damaged"):
        provide(db_session, storage, here, "mine")
    kept.unlink()
    with pytest.raises(FileGone):
        provide(db_session, storage, here, "mine")
    assert list(here.root.iterdir()) == []
    provide(db_session, storage, here, "realesrgan-x4plus")

    # A choice is served by one model: the one added last.
    custom.add(db_session, ADMIN, files, name="other", licence="", uses=(use,))
    assert [one.uses for one in model_table.added(db_session)] == [(), (use,)]
    custom.delete(db_session, ADMIN, "mine")
    with pytest.raises(UnknownModel):
        provide(db_session, storage, here, "mine")


def test_a_worker_has_the_active_face_model_and_no_other_one(db_session: Session, tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path / "files")
    custom = CustomModels(storage, Workspace(tmp_path / "scratch"), 10**7, ProbeLimits(threads=1))
    here = ModelFolder(tmp_path / "models")

    def used() -> str | None:
        provide_faces(db_session, storage, here)
        model = active_face_model(str(here.root))
        return model.name if model else None

    assert used() is None
    add_face_model(here, "a-of-this-host", side=256)
    assert used() == "a-of-this-host"
    for name in ("b", "a"):
        files = [("f.onnx", write_face_model(tmp_path / "f.onnx", side=256))]
        assert custom.add(db_session, ADMIN, files, name=name, licence="MIT", uses=()).type == "faces"
        assert used() == name
    custom.change(db_session, ADMIN, "a", active=False)
    assert used() == "b"
    custom.change(db_session, ADMIN, "a", active=True)
    assert used() == "a"
    custom.delete(db_session, ADMIN, "a")
    assert used() == "b"
    # What was changed on this host is fetched anew.
    (here.folder("b") / "model.onnx").write_bytes(b"something else")
    assert used() == "b"
    assert here.holds(here.find("b"))
    here.remove("b")
    stored_file(db_session, storage, "b").unlink()
    with pytest.raises(EngineUnavailable, match="Add it again"):
        used()
    custom.delete(db_session, ADMIN, "b")
    assert used() == "a-of-this-host"

    custom.add(db_session, ADMIN, files, name="c", licence="MIT", uses=())
    with pytest.raises(UnknownModel, match="restores faces"):
        model_table.chosen(db_session, UpscaleOptions("2x", model="c"))
    with pytest.raises(ModelRefused, match="restores faces"):
        custom.change(db_session, ADMIN, "c", uses=(Use("face", "4x"),))


def stored_file(session: Session, storage: LocalStorage, name: str) -> Path:
    """Return the file of an ONNX model."""
    row = session.scalars(select(ModelRecord).where(ModelRecord.name == name)).one()
    [manifest] = [one for one in model_table.added(session) if one.name == name]
    return storage.root / storage_keys(row, manifest)["model.onnx"]
