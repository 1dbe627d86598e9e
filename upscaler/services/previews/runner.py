"""What a worker does with a preview, beside its job: the engine takes the piece between two tiles of the other.

A preview is claimed with a lease like a job. It is worth little a minute later, so what fails is told at once instead
of being tried for long.
"""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.orm import Session

from upscaler.engine.model_zoo.model_folder import ModelFolder
from upscaler.engine.model_zoo.recipe_builder import recipe_for
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.process.client import EngineProcess
from upscaler.errors import EngineCanceled, EngineCrashed, EngineTimeout, StorageUnavailable, UpscalerError
from upscaler.models import JobStatus, Preview, utcnow
from upscaler.models.database import changed_rows
from upscaler.services.files import pending_files
from upscaler.services.jobs.runner import Folders, Sessions
from upscaler.services.models import custom_models, model_table
from upscaler.storage import Storage, make_key

log = structlog.get_logger()

# A piece takes seconds; on a slow machine whose engine is busy with large tiles it waits for one of them first.
ITEM_SECONDS = 120.0
LEASE = timedelta(seconds=ITEM_SECONDS + 60)
MAX_ATTEMPTS = 2
# Expired previews that are removed in one round.
BATCH = 50


@dataclass(frozen=True)
class _Claim:
    preview_id: str
    token: str
    is_last_attempt: bool


class PreviewRunner:
    """Makes previews one after another."""

    def __init__(
        self,
        sessions: Sessions,
        storage: Storage,
        engine: EngineProcess,
        *,
        worker_id: str,
        folders: Folders,
    ) -> None:
        self._sessions = sessions
        self._storage = storage
        self._engine = engine
        self._worker_id = worker_id
        self._workspace = folders.workspace
        self._models = ModelFolder(folders.models)

    def run_next(self, should_stop: Callable[[], bool]) -> bool:
        """Make the preview that has waited longest; return whether there was one.

        Once ``should_stop`` is true, what is left of it is handed back.
        """
        with self._sessions() as session:
            claim = _claim(session, self._worker_id)
        if claim is None:
            return False
        log.info("preview.started", preview_id=claim.preview_id)
        try:
            self._make(claim, should_stop)
        except EngineCanceled:
            self._update(claim, status=JobStatus.QUEUED.value, attempts=Preview.attempts - 1)
        except EngineCrashed as crash:
            log.warning("preview.crashed", preview_id=claim.preview_id, reason=crash.detail)
            self._update(claim, status=JobStatus.QUEUED.value)
        return True

    def purge(self) -> None:
        """Remove the previews whose hour is over, with their files; safe on every worker at once."""
        with self._sessions() as session:
            expired = select(Preview).where(Preview.expires_at < utcnow()).limit(BATCH)
            for preview in session.scalars(expired).all():
                try:
                    self._discard(
                        preview.crop_path, *(entry.get("path") for entry in preview.results.values())
                    )
                except StorageUnavailable:
                    log.warning("preview.storage_away", preview_id=preview.id)
                    return
                session.execute(delete(Preview).where(Preview.id == preview.id))
                session.commit()

    def _make(self, claim: _Claim, should_stop: Callable[[], bool]) -> None:
        with self._sessions() as session:
            preview = session.get_one(Preview, claim.preview_id)
            options, wanted = UpscaleOptions.from_mapping(preview.params), list(preview.presets)
            crop_path, results = preview.crop_path, dict(preview.results)
        with tempfile.TemporaryDirectory(dir=self._workspace.folder, prefix=f"{claim.preview_id}-") as name:
            source = Path(name) / "crop.tiff"
            # What an attempt before this one has made is kept.
            for preset in [preset for preset in wanted if preset not in results]:
                results[preset] = made = self._attempt(
                    claim, crop_path, source, replace(options, preset=preset), should_stop
                )
                files = [made["path"]] if "path" in made else []
                if not self._update(claim, files, results=dict(results), lease_expires_at=utcnow() + LEASE):
                    log.warning("preview.lease_lost", preview_id=claim.preview_id)
                    with self._sessions() as session:
                        pending_files.discard(session, self._storage, files)
                    return
        failed = all("error_code" in entry for entry in results.values())
        self._update(claim, status=(JobStatus.FAILED if failed else JobStatus.COMPLETED).value)

    def _attempt(
        self,
        claim: _Claim,
        crop_path: str,
        source: Path,
        options: UpscaleOptions,
        should_stop: Callable[[], bool],
    ) -> dict[str, Any]:
        """Return what becomes of the piece with one preset, as an entry of the column ``results``.

        Raises:
            EngineCanceled: ``should_stop`` said so.
            EngineCrashed: the engine died, and another attempt is left.

        """
        try:
            if not source.exists():
                self._storage.fetch(crop_path, source)
            return self._upscale(claim, source, options, should_stop)
        except EngineCanceled:
            raise
        except UpscalerError as error:
            # More often than not it was the job beside it that ended the engine, and not this piece.
            if isinstance(error, EngineCrashed) and not claim.is_last_attempt:
                raise
            log.warning("preview.failed", preview_id=claim.preview_id, reason=error.detail)
            values = {name: str(value) for name, value in error.values.items()}
            return {"error_code": error.code, "error_message": error.message, "error_values": values}

    def _upscale(
        self, claim: _Claim, source: Path, options: UpscaleOptions, should_stop: Callable[[], bool]
    ) -> dict[str, Any]:
        with self._sessions() as session:
            served, model = model_table.chosen(session, options)
            if served.model is not None:
                custom_models.provide(session, self._storage, self._models, served.model)
            if served.refine_faces:
                custom_models.provide_faces(session, self._storage, self._models)
        target = source.with_name(f"{options.preset}.png")
        started = time.monotonic()
        deadline = started + ITEM_SECONDS
        try:
            result = self._engine.upscale(
                source,
                target,
                None,
                served,
                should_stop=lambda: should_stop() or time.monotonic() > deadline,
                urgent=True,
            )
        except EngineCanceled:
            if should_stop():
                raise
            raise EngineTimeout(seconds=f"{ITEM_SECONDS:g}") from None
        key = make_key("previews", f"{claim.preview_id}_{options.preset}_{claim.token}", "png")
        with self._sessions() as session:
            pending_files.announce(session, [key])
        self._storage.save(key, target)
        return {
            "path": key,
            "model": recipe_for(served, model=model).name,
            "width": result.width,
            "height": result.height,
            "seconds": round(time.monotonic() - started, 2),
        }

    def _update(self, claim: _Claim, files: Sequence[str] = (), **values: Any) -> bool:
        """Change the claimed preview, which points to ``files`` then; return False when it is no longer the claim's."""
        if "status" in values:
            values |= {"claim_token": None, "lease_expires_at": None}
        held = and_(Preview.id == claim.preview_id, Preview.claim_token == claim.token)
        with self._sessions() as session:
            pending_files.settle(session, files)
            return _change(session, held, values)

    def _discard(self, *keys: str | None) -> None:
        for key in keys:
            if key:
                self._storage.delete(key)


def _claim(session: Session, worker_id: str) -> _Claim | None:
    """Take the preview that has waited longest, or whose worker has vanished; None when there is none."""
    now, token = utcnow(), secrets.token_hex(16)
    lapsed = and_(Preview.status == JobStatus.RUNNING.value, Preview.lease_expires_at < now)
    free = and_(or_(Preview.status == JobStatus.QUEUED.value, lapsed), Preview.expires_at > now)
    values = {
        "status": JobStatus.RUNNING.value,
        "worker_id": worker_id,
        "claim_token": token,
        "lease_expires_at": now + LEASE,
        "attempts": Preview.attempts + 1,
    }
    oldest = select(Preview.id, Preview.attempts).where(free).order_by(Preview.created_at).limit(1)
    while (found := session.execute(oldest).first()) is not None:
        if _change(session, and_(Preview.id == found.id, free), values):
            return _Claim(found.id, token, found.attempts + 1 >= MAX_ATTEMPTS)
        # Another worker was quicker.
    session.rollback()
    return None


def _change(session: Session, condition: ColumnElement[bool], values: dict[str, Any]) -> bool:
    result = session.execute(
        update(Preview).where(condition).values(**values).execution_options(synchronize_session=False)
    )
    if changed_rows(result) != 1:
        session.rollback()
        return False
    session.commit()
    return True
