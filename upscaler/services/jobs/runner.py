"""Jobs on a worker: claim one, fetch the image, have the engine upscale it, store the result, complete the job."""

from __future__ import annotations

import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from upscaler.engine.imaging.formats import format_named
from upscaler.engine.model_zoo.model_folder import ModelFolder
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.process.client import Checkpoint, Previews, UpscaleResult
from upscaler.engine.progress import STORING
from upscaler.errors import (
    EngineCanceled,
    EngineCrashed,
    EngineError,
    ServiceUnavailable,
    StorageFull,
    StorageUnavailable,
    StoredFileDamaged,
    UpscalerError,
)
from upscaler.models import Job, Worker, utcnow
from upscaler.models.database import Sessions
from upscaler.services.files import pending_files
from upscaler.services.files.names import local_name
from upscaler.services.files.workspace import Workspace
from upscaler.services.jobs import estimates, lifecycle, scheduling, workers
from upscaler.services.jobs.heartbeat import Heartbeat
from upscaler.services.jobs.lifecycle import Claim
from upscaler.services.jobs.new_jobs import recipe_of
from upscaler.services.jobs.originals import Original, fetch_original
from upscaler.services.jobs.params import options_of
from upscaler.services.jobs.queue import Queue, dispatch
from upscaler.services.jobs.results import WrittenFiles, result_columns
from upscaler.services.jobs.tile_cache import TileCache
from upscaler.services.models import model_table, provisioning
from upscaler.storage import Storage

log = structlog.get_logger()

_T = TypeVar("_T")

# How long a worker waits for a storage that is away between two calls, in seconds. All of them together bridge a
# restart, so that a result that took long to compute is not computed again.
STORAGE_PAUSES = (1, 2, 4, 8, 15, 30, 30, 30)
# How often a waiting worker looks whether it has to stop, in seconds.
LOOK_SECONDS = 1.0
# A job that the storage has kept from running for this long since it was accepted fails.
DEFER_LIMIT = timedelta(days=1)
# How long such a job is deferred before its next attempt.
DEFER_PAUSE = timedelta(seconds=20)


class Engine(Protocol):
    """An engine; ``EngineProcess`` is the one in use."""

    def upscale(
        self,
        source: Path,
        target: Path,
        previews: Previews | None,
        options: UpscaleOptions,
        *,
        on_progress: Callable[[float], None] | None = None,
        on_step: Callable[[str], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
        checkpoint: Checkpoint | None = None,
    ) -> UpscaleResult:
        """Upscale ``source`` into ``target`` and the previews; see ``EngineProcess.upscale`` for the errors."""

    @property
    def log_tail(self) -> str:
        """The last lines of the engine's log."""


@dataclass(frozen=True)
class Folders:
    """The folders of a worker: for files in work, for finished tiles, and for models that admins added."""

    workspace: Workspace
    tiles: TileCache
    models: Path


class JobRunner:
    """Runs jobs one after another."""

    def __init__(
        self,
        sessions: Sessions,
        storage: Storage,
        engine: Engine,
        queue: Queue,
        *,
        worker_id: str,
        folders: Folders,
        lease_seconds: int,
        max_attempts: int,
    ) -> None:
        self._sessions = sessions
        self._storage = storage
        self._engine = engine
        self._queue = queue
        self._worker_id = worker_id
        self._workspace = folders.workspace
        self._tiles = folders.tiles
        self._models = ModelFolder(folders.models)
        self._lease_seconds = lease_seconds
        self._max_attempts = max_attempts
        self._one_at_a_time = threading.Lock()
        self._draining = threading.Event()
        self.current_job_id: str | None = None

    def run_next(self) -> None:
        """Run the job that is next; do nothing when none waits."""
        with self._one_at_a_time:
            if self._draining.is_set():
                return
            with self._sessions() as session:
                claim = scheduling.claim_next(session, self._worker_id, self._lease_seconds)
            if claim is None:
                log.info("queue.empty")
                return
            self.current_job_id = claim.job_id
            try:
                self._run(claim)
            finally:
                self.current_job_id = None

    def drain(self, timeout_seconds: float) -> None:
        """Claim no more jobs, and release the current one."""
        self._draining.set()
        if self._one_at_a_time.acquire(timeout=timeout_seconds):
            self._one_at_a_time.release()

    def _run(self, claim: Claim) -> None:
        started_at = utcnow()
        with Heartbeat(self._sessions, claim, self._lease_seconds) as heartbeat:
            try:
                self._upscale(claim, heartbeat, started_at)
            except EngineCanceled:
                self._release(claim)
            except (StorageUnavailable, StorageFull) as error:
                self._defer(claim, error)
            except (EngineCrashed, ServiceUnavailable) as error:
                self._retry(claim, error)
            except StoredFileDamaged as error:
                self._fail(claim, error, error.internal_detail)
            except UpscalerError as error:
                self._fail(claim, error)
            except (OperationalError, InterfaceError):
                # Without the database no transition is possible. The lease expires, and the reaper releases the job.
                log.warning("job.database_away", job_id=claim.job_id, exc_info=True)
            except Exception as error:
                log.exception("job.defect", job_id=claim.job_id)
                self._fail(claim, EngineError(), "".join(traceback.format_exception(error)))

    def _upscale(self, claim: Claim, heartbeat: Heartbeat, started_at: datetime) -> None:
        with self._sessions() as session:
            job = session.get_one(Job, claim.job_id)
            options, upload = options_of(job.params), job.upload
            original = Original(upload.storage_path, upload.sha256, upload.size_bytes)
            source_name = local_name(upload)
            self._estimate(session, claim, job, options)
        with tempfile.TemporaryDirectory(dir=self._workspace.folder, prefix=f"{claim.job_id}-") as name:
            folder = Path(name)
            source = folder / source_name
            target = folder / f"result.{format_named(options.output_format).extensions[0]}"
            previews = Previews(folder / "preview.webp", folder / "original.webp")
            fetch_original(partial(self._patiently, heartbeat, self._storage.fetch), original, source)
            if options.model is not None:
                self._patiently(heartbeat, self._provide, options.model)
            if options.refine_faces:
                self._patiently(heartbeat, self._provide_faces)
            result = self._engine.upscale(
                source,
                target,
                previews,
                options,
                on_progress=heartbeat.report,
                on_step=heartbeat.begin,
                should_stop=lambda: self._must_stop(heartbeat),
                checkpoint=self._tiles.checkpoint(claim.job_id),
            )
            self._store(claim, heartbeat, result, WrittenFiles(target, previews), started_at)

    def _estimate(self, session: Session, claim: Claim, job: Job, options: UpscaleOptions) -> None:
        """Estimate the job anew for the device of this worker; until now the estimate was for all workers together."""
        worker = session.get(Worker, self._worker_id)
        device = workers.device_of(worker.backend) if worker is not None else None
        if device is not None:
            upload = job.upload
            _, model = model_table.chosen(session, options)
            recipe = recipe_of(upload, options, model)
            work = estimates.Work(recipe, upload.width * upload.height, options.refine_faces)
            lifecycle.note_estimate(session, claim, estimates.own_seconds(session, work, [device]))

    def _provide(self, name: str) -> None:
        with self._sessions() as session:
            provisioning.provide(session, self._storage, self._models, name)

    def _provide_faces(self) -> None:
        with self._sessions() as session:
            provisioning.provide_faces(session, self._storage, self._models)

    def _store(
        self,
        claim: Claim,
        heartbeat: Heartbeat,
        result: UpscaleResult,
        written: WrittenFiles,
        started_at: datetime,
    ) -> None:
        """Store the result and its previews, and complete the job with them; when it is not, no file is left."""
        files = written.by_key(claim)
        keys = list(files)
        heartbeat.begin(STORING)
        began = time.monotonic()
        with self._sessions() as session:
            pending_files.reserve(session, keys)
        try:
            for key, path in files.items():
                self._patiently(heartbeat, self._storage.save, key, path)
            columns = result_columns(result, keys, started_at, storing_seconds=time.monotonic() - began)
            with self._sessions() as session:
                completed = lifecycle.complete(session, claim, columns, keys, started_at)
        except BaseException:
            self._discard(keys)
            raise
        if completed:
            self._tiles.remove(claim.job_id)
        else:
            log.warning("job.lease_lost", job_id=claim.job_id)
            self._discard(keys)

    def _discard(self, keys: list[str]) -> None:
        with self._sessions() as session:
            pending_files.discard(session, self._storage, keys)

    def _patiently(self, heartbeat: Heartbeat, call: Callable[..., _T], *arguments: Any) -> _T:
        """Call the storage, repeatedly while it is away; raise ``StorageUnavailable`` when it stays away."""
        for pause in STORAGE_PAUSES:
            try:
                return call(*arguments)
            except StorageUnavailable:
                log.warning("job.storage_away", job_id=self.current_job_id, pause_seconds=pause)
            until = time.monotonic() + pause
            while time.monotonic() < until:
                if self._must_stop(heartbeat):
                    raise EngineCanceled
                self._draining.wait(min(LOOK_SECONDS, pause))
        return call(*arguments)

    def _must_stop(self, heartbeat: Heartbeat) -> bool:
        return heartbeat.lost or self._draining.is_set()

    def _release(self, claim: Claim) -> None:
        if self._draining.is_set():
            with self._sessions() as session:
                held = lifecycle.held_by(claim)
                if lifecycle.release(session, claim.job_id, held, "the worker is stopping", counts=False):
                    dispatch(session, self._queue, claim.job_id)

    def _retry(self, claim: Claim, error: UpscalerError) -> None:
        if claim.attempt >= self._max_attempts:
            self._fail(claim, error)
            return
        with self._sessions() as session:
            held = lifecycle.held_by(claim)
            if lifecycle.release(session, claim.job_id, held, error.detail, counts=True):
                dispatch(session, self._queue, claim.job_id)

    def _defer(self, claim: Claim, error: StorageUnavailable | StorageFull) -> None:
        """Release the job for later. The storage is at fault, so this does not count as an attempt."""
        with self._sessions() as session:
            if utcnow() - session.get_one(Job, claim.job_id).created_at > DEFER_LIMIT:
                self._fail(claim, error)
                return
            # Its id is not enqueued here: the reaper does so when the job is due.
            later = utcnow() + DEFER_PAUSE
            lifecycle.release(
                session, claim.job_id, lifecycle.held_by(claim), error.detail, counts=False, not_before=later
            )

    def _fail(self, claim: Claim, error: UpscalerError, trace: str = "") -> None:
        with self._sessions() as session:
            trace = trace or self._engine.log_tail
            failed = lifecycle.fail(session, claim.job_id, lifecycle.held_by(claim), error, trace)
        # A file may also be gone because its job was deleted at this moment.
        if failed and isinstance(error, StoredFileDamaged):
            log.error("job.original_damaged", job_id=claim.job_id, **error.values)
