"""Previews on a worker: the engine upscales the crop between two tiles of the job that it runs.

A preview is claimed with a lease like a job (see ``services.leases``). A person waits for it, so a failure is reported
at once in place of further attempts.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import and_, delete, or_, select
from sqlalchemy.orm import Session

from upscaler.engine.model_zoo.model_folder import ModelFolder
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.process.client import EngineProcess
from upscaler.errors import EngineCanceled, EngineCrashed, EngineTimeout, UpscalerError
from upscaler.models import JobStatus, Preview, utcnow
from upscaler.models.database import Sessions
from upscaler.services import leases
from upscaler.services.files import pending_files
from upscaler.services.files.deletion import deletion
from upscaler.services.jobs.runner import Folders
from upscaler.services.leases import Lease
from upscaler.services.models import model_table, provisioning
from upscaler.storage import Storage, make_key

log = structlog.get_logger()

# A crop takes seconds; on a slow machine whose engine is busy with large tiles it waits for one of them first.
ITEM_SECONDS = 120.0
LEASE = timedelta(seconds=ITEM_SECONDS + 60)
MAX_ATTEMPTS = 2
# Expired previews that are deleted in one round.
BATCH = 50


@dataclass(frozen=True)
class _Claim:
    lease: Lease
    is_last_attempt: bool
    jpeg_quality: int | None

    @property
    def preview_id(self) -> str:
        return self.lease.id


class PreviewRunner:
    """Runs previews one after another."""

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
        """Run the preview that has waited longest; return whether there was one.

        Once ``should_stop`` is true, the rest of it is released.
        """
        with self._sessions() as session:
            claim = _claim(session, self._worker_id)
        if claim is None:
            return False
        log.info("preview.started", preview_id=claim.preview_id)
        try:
            self._make(claim, should_stop)
        except EngineCanceled:
            self._finish(claim, JobStatus.QUEUED, attempts=Preview.attempts - 1)
        except EngineCrashed as crash:
            log.warning("preview.crashed", preview_id=claim.preview_id, reason=crash.internal_detail)
            self._finish(claim, JobStatus.QUEUED)
        return True

    def purge(self) -> None:
        """Delete the previews that have expired, with their files; safe on every worker at once."""
        with self._sessions() as session:
            expired = session.scalars(
                select(Preview.id).where(Preview.expires_at < utcnow()).limit(BATCH)
            ).all()
            session.commit()
            for preview_id in expired:
                with deletion(session, self._storage) as deleted:
                    statement = delete(Preview).where(Preview.id == preview_id)
                    for crop_path, results in session.execute(
                        statement.returning(Preview.crop_path, Preview.results)
                    ):
                        paths = [entry["path"] for entry in results.values() if "path" in entry]
                        deleted.keys.extend([crop_path, *paths])
                if not deleted.files_removed:
                    # The rest is for a later round.
                    return

    def _make(self, claim: _Claim, should_stop: Callable[[], bool]) -> None:
        with self._sessions() as session:
            preview = session.get_one(Preview, claim.preview_id)
            options, wanted = UpscaleOptions.from_mapping(preview.params), list(preview.presets)
            crop_path, results = preview.crop_path, dict(preview.results)
        with tempfile.TemporaryDirectory(dir=self._workspace.folder, prefix=f"{claim.preview_id}-") as name:
            source = Path(name) / "crop.png"
            # Results of an earlier attempt are kept.
            for preset in [preset for preset in wanted if preset not in results]:
                results[preset] = made = self._attempt(
                    claim, crop_path, source, replace(options, preset=preset), should_stop
                )
                files = [made["path"]] if "path" in made else []
                if not self._store(claim, files, results):
                    log.warning("preview.lease_lost", preview_id=claim.preview_id)
                    with self._sessions() as session:
                        pending_files.discard(session, self._storage, files)
                    return
        failed = all("error_code" in entry for entry in results.values())
        self._finish(claim, JobStatus.FAILED if failed else JobStatus.COMPLETED)

    def _attempt(
        self,
        claim: _Claim,
        crop_path: str,
        source: Path,
        options: UpscaleOptions,
        should_stop: Callable[[], bool],
    ) -> dict[str, Any]:
        """Upscale the crop with one preset and return the entry of the column ``results``.

        Raises:
            EngineCanceled: ``should_stop`` returned True.
            EngineCrashed: the engine died, and another attempt is left.

        """
        try:
            if not source.exists():
                self._storage.fetch(crop_path, source)
            return self._upscale(claim, source, options, should_stop)
        except EngineCanceled:
            raise
        except UpscalerError as error:
            # More often than not the job that runs at the same time ended the engine, and not this crop.
            if isinstance(error, EngineCrashed) and not claim.is_last_attempt:
                raise
            log.warning("preview.failed", preview_id=claim.preview_id, reason=error.internal_detail)
            values = {name: str(value) for name, value in error.values.items()}
            return {"error_code": error.code, "error_message": error.message, "error_values": values}

    def _upscale(
        self, claim: _Claim, source: Path, options: UpscaleOptions, should_stop: Callable[[], bool]
    ) -> dict[str, Any]:
        with self._sessions() as session:
            served, _ = model_table.chosen(session, options)
            if served.model is not None:
                provisioning.provide(session, self._storage, self._models, served.model)
            if served.refine_faces:
                provisioning.provide_faces(session, self._storage, self._models)
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
                jpeg_quality=claim.jpeg_quality,
            )
        except EngineCanceled:
            if should_stop():
                raise
            raise EngineTimeout(seconds=f"{ITEM_SECONDS:g}") from None
        key = make_key("previews", f"{claim.preview_id}_{options.preset}_{claim.lease.token}", "png")
        with self._sessions() as session:
            pending_files.reserve(session, [key])
        self._storage.save(key, target)
        return {
            "path": key,
            "model": result.receipt["model"],
            "width": result.width,
            "height": result.height,
            "seconds": round(time.monotonic() - started, 2),
        }

    def _store(self, claim: _Claim, files: Sequence[str], results: Mapping[str, Any]) -> bool:
        """Store results, which point to reserved files, and renew the lease; return False when it is lost."""
        with self._sessions() as session:
            pending_files.commit(session, files)
            if leases.renew(session, Preview, claim.lease, LEASE, results=dict(results)):
                session.commit()
                return True
            session.rollback()
            return False

    def _finish(self, claim: _Claim, status: JobStatus, **values: Any) -> None:
        with self._sessions() as session:
            leases.finish(session, Preview, claim.lease, status=status.value, **values)
            session.commit()


def _claim(session: Session, worker_id: str) -> _Claim | None:
    """Claim the preview that has waited longest, or whose lease has expired; return None when there is none."""
    now = utcnow()
    expired = and_(Preview.status == JobStatus.RUNNING.value, leases.has_expired(Preview, now))
    free = and_(or_(Preview.status == JobStatus.QUEUED.value, expired), Preview.expires_at > now)
    values = {
        "status": JobStatus.RUNNING.value,
        "worker_id": worker_id,
        "attempts": Preview.attempts + 1,
    }
    oldest = (
        select(Preview.id, Preview.attempts, Preview.jpeg_quality)
        .where(free)
        .order_by(Preview.created_at)
        .limit(1)
    )
    while (found := session.execute(oldest).first()) is not None:
        lease = leases.claim(session, Preview, found.id, free, LEASE, now=now, **values)
        session.commit()
        if lease is not None:
            return _Claim(lease, found.attempts + 1 >= MAX_ATTEMPTS, found.jpeg_quality)
        # Another worker was faster.
    session.rollback()
    return None
