"""A worker's previews: each made once, by one worker, and gone after an hour."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from tests import factories
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.process.client import UpscaleResult
from upscaler.errors import EngineCanceled, EngineCrashed, OutputRejected, UpscalerError
from upscaler.models import Preview, utcnow
from upscaler.models.types import random_id
from upscaler.services.files.workspace import Workspace
from upscaler.services.jobs.runner import Folders
from upscaler.services.jobs.tile_cache import TileCache
from upscaler.services.previews import runner
from upscaler.services.previews.runner import PreviewRunner
from upscaler.storage import LocalStorage

DATABASES = ("sqlite", "postgresql")

PRESETS = ("standard", "photo")


class CopyingEngine:
    """Takes no time: the result is the piece itself. What stands in ``troubles`` for a preset is raised first."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.qualities: list[int | None] = []
        self.troubles: dict[str, list[UpscalerError]] = {}

    def upscale(
        self,
        source: Path,
        target: Path,
        _previews: None,
        options: UpscaleOptions,
        *,
        should_stop: Callable[[], bool],
        urgent: bool,
        jpeg_quality: int | None,
    ) -> UpscaleResult:
        assert urgent
        self.qualities.append(jpeg_quality)
        if should_stop():
            raise EngineCanceled
        if waiting := self.troubles.get(options.preset):
            raise waiting.pop()
        self.made.append(options.preset)
        target.write_bytes(source.read_bytes())
        return UpscaleResult({"model": "what-ran"}, 20, 16, 4, "image/png", "0" * 64)


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "files")


@pytest.fixture
def new_preview(db_session: Session, storage: LocalStorage, tmp_path: Path) -> Callable[..., Preview]:
    """Return a function that stores a preview that waits, with its piece."""

    def build(**values: Any) -> Preview:
        preview_id = random_id("pre")
        crop_path = f"previews/{preview_id}.tiff"
        piece = tmp_path / "piece"
        piece.write_bytes(b"crop")
        storage.save(crop_path, piece)
        values = {"id": preview_id, "crop_path": crop_path, "presets": list(PRESETS), **values}
        return factories.new_preview(db_session, **values)

    return build


@pytest.fixture
def engine() -> CopyingEngine:
    return CopyingEngine()


@pytest.fixture
def previews(database: Engine, storage: LocalStorage, engine: CopyingEngine, tmp_path: Path) -> PreviewRunner:
    return PreviewRunner(
        sessionmaker(database, expire_on_commit=False),
        storage,
        engine,  # type: ignore[arg-type]  # it does what is asked of it here
        worker_id="w-1",
        folders=Folders(
            Workspace(tmp_path / "scratch"), TileCache(tmp_path / "tiles", 10**9), tmp_path / "models"
        ),
    )


def never() -> bool:
    return False


def reread(session: Session, preview: Preview) -> Preview:
    session.rollback()
    return session.get_one(Preview, preview.id, populate_existing=True)


def test_every_preset_is_made_and_stored(
    previews: PreviewRunner, new_preview: Callable[..., Preview], db_session: Session, storage: LocalStorage
) -> None:
    preview = new_preview()
    assert previews.run_next(never)
    done = reread(db_session, preview)
    assert (done.status, done.claim_token, done.ended) == ("completed", None, True)
    assert list(done.results) == list(PRESETS)
    for made in done.results.values():
        assert made["model"] == "what-ran"
        assert (made["width"], made["height"]) == (20, 16)
        with storage.open(made["path"]) as file:
            assert file.read() == b"crop"
    assert not previews.run_next(never), "none is left"


def test_one_preset_that_fails_leaves_the_others(
    previews: PreviewRunner, engine: CopyingEngine, new_preview: Callable[..., Preview], db_session: Session
) -> None:
    preview = new_preview()
    engine.troubles["standard"] = [OutputRejected()]
    previews.run_next(never)
    done = reread(db_session, preview)
    assert done.status == "completed"
    assert done.results["standard"]["error_code"] == OutputRejected.code
    assert "path" in done.results["photo"]


def test_when_all_fail_the_preview_has_failed(
    previews: PreviewRunner,
    new_preview: Callable[..., Preview],
    db_session: Session,
    storage: LocalStorage,
) -> None:
    preview = new_preview()
    storage.delete(preview.crop_path)
    previews.run_next(never)
    done = reread(db_session, preview)
    assert done.status == "failed"
    assert {made["error_code"] for made in done.results.values()} == {"file_deleted"}


def test_a_crash_is_followed_by_one_more_attempt_and_what_was_made_is_kept(
    previews: PreviewRunner, engine: CopyingEngine, new_preview: Callable[..., Preview], db_session: Session
) -> None:
    first, second = new_preview(), new_preview()
    engine.troubles["photo"] = [EngineCrashed(reason="SIGKILL")]
    previews.run_next(never)
    assert reread(db_session, first).status == "queued"
    previews.run_next(never)
    assert reread(db_session, first).status == "completed"
    assert engine.made == ["standard", "photo"]
    engine.troubles["photo"] = [EngineCrashed(reason="SIGKILL"), EngineCrashed(reason="SIGKILL")]
    previews.run_next(never)
    previews.run_next(never)
    done = reread(db_session, second)
    assert done.results["photo"]["error_code"] == EngineCrashed.code
    assert done.status == "completed", "the other preset was made"


def test_a_worker_that_stops_releases_what_is_left(
    previews: PreviewRunner, engine: CopyingEngine, new_preview: Callable[..., Preview], db_session: Session
) -> None:
    preview = new_preview()
    previews.run_next(lambda: bool(engine.made))
    left = reread(db_session, preview)
    assert (left.status, left.attempts, list(left.results)) == ("queued", 0, ["standard"])
    previews.run_next(never)
    assert reread(db_session, preview).status == "completed"
    assert engine.made == ["standard", "photo"]


def test_what_takes_too_long_is_reported_as_a_timeout(
    previews: PreviewRunner,
    new_preview: Callable[..., Preview],
    db_session: Session,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runner, "ITEM_SECONDS", -1.0)
    preview = new_preview()
    previews.run_next(never)
    done = reread(db_session, preview)
    assert {made["error_code"] for made in done.results.values()} == {"timeout"}


def test_a_vanished_workers_preview_is_taken_over_and_the_late_one_changes_nothing(
    previews: PreviewRunner, new_preview: Callable[..., Preview], db_session: Session, tmp_path: Path
) -> None:
    preview = new_preview()
    lapse = {"lease_expires_at": utcnow() - timedelta(seconds=1)}

    class Late(CopyingEngine):
        def upscale(self, *arguments: Any, **options: Any) -> UpscaleResult:
            # While this one works, its lease runs out and another worker takes over and ends it.
            row = reread(db_session, preview)
            for name, value in lapse.items():
                setattr(row, name, value)
            db_session.commit()
            assert previews.run_next(never)
            return super().upscale(*arguments, **options)

    late = PreviewRunner(
        previews._sessions,
        previews._storage,
        Late(),  # type: ignore[arg-type]  # as above
        worker_id="w-2",
        folders=Folders(
            Workspace(tmp_path / "late"), TileCache(tmp_path / "tiles", 10**9), tmp_path / "models"
        ),
    )
    late.run_next(never)
    done = reread(db_session, preview)
    assert (done.status, done.worker_id) == ("completed", "w-1")
    stored = [path.name for path in (tmp_path / "files").rglob("*.png")]
    assert sorted(stored) == sorted(made["path"].rpartition("/")[2] for made in done.results.values())


def test_many_workers_make_each_preview_once(
    previews: PreviewRunner, engine: CopyingEngine, new_preview: Callable[..., Preview]
) -> None:
    for _ in range(6):
        new_preview()
    together = threading.Barrier(4)

    def work(_: int) -> int:
        together.wait()
        count = 0
        while previews.run_next(never):
            count += 1
        return count

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == 6
    assert len(engine.made) == 12


def test_expired_ones_are_removed_with_their_files(
    previews: PreviewRunner, new_preview: Callable[..., Preview], db_session: Session, tmp_path: Path
) -> None:
    old, young = new_preview(), new_preview()
    previews.run_next(never)
    reread(db_session, old).expires_at = utcnow() - timedelta(seconds=1)
    db_session.commit()
    previews.purge()
    assert db_session.scalars(select(Preview.id)).all() == [young.id]
    stored = [path.stem for path in (tmp_path / "files").rglob("*") if path.is_file()]
    assert stored == [young.id]
