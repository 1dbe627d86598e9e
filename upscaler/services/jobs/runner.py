"""What a worker does with a job: claim it, fetch the image, have it upscaled, store the result, finish it."""

from __future__ import annotations

import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from upscaler.engine.imaging.formats import format_named
from upscaler.engine.model_zoo.model_folder import ModelFolder
from upscaler.engine.model_zoo.recipe_builder import recipe_for
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.process.client import Keeping, Previews, UpscaleResult
from upscaler.errors import (
    EngineCanceled,
    EngineCrashed,
    EngineError,
    ServiceUnavailable,
    StorageFull,
    StorageUnavailable,
    UpscalerError,
)
from upscaler.models import Job, Worker, utcnow
from upscaler.services.files import pending_files
from upscaler.services.files.workspace import Workspace
from upscaler.services.jobs import estimates, lifecycle, scheduling, workers
from upscaler.services.jobs.lifecycle import Claim
from upscaler.services.jobs.params import options_of
from upscaler.services.jobs.queue import Queue, dispatch
from upscaler.services.jobs.tile_cache import TileCache
from upscaler.services.models import custom_models, model_table
from upscaler.storage import Storage, make_key

log = structlog.get_logger()

Sessions = Callable[[], AbstractContextManager[Session]]

# How long a worker waits for a storage that is away between two calls, in seconds. All of them together bridge a
# restart, and what took long to compute is not computed again.
STORAGE_PAUSES = (1, 2, 4, 8, 15, 30, 30, 30)
# A job that the storage has kept from running for this long is given up.
PUT_OFF = timedelta(days=1)
# How long such a job waits before the next try.
PUT_OFF_PAUSE = timedelta(seconds=20)
# How often a running job renews its lease and notices a cancellation, in seconds.
BEAT_SECONDS = 1.0


class Engine(Protocol):
    """What upscales images; ``EngineProcess`` is the one in use."""

    def upscale(
        self,
        source: Path,
        target: Path,
        previews: Previews | None,
        options: UpscaleOptions,
        *,
        on_progress: Callable[[float], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
        keeping: Keeping | None = None,
    ) -> UpscaleResult:
        """Upscale ``source`` into ``target`` and the previews; see ``EngineProcess.upscale`` for the errors."""

    @property
    def log_tail(self) -> str:
        """The engine's last words."""


@dataclass(frozen=True)
class Folders:
    """Where a worker keeps what it works on, finished tiles, and the networks that admins added."""

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
        """Run the job whose turn it is; do nothing when none waits."""
        with self._one_at_a_time:
            if self._draining.is_set():
                return
            with self._sessions() as session:
                claim = scheduling.claim_next(session, self._worker_id, self._lease_seconds)
            if claim is None:
                log.info("queue.nothing_to_do")
                return
            self.current_job_id = claim.job_id
            try:
                self._run(claim)
            finally:
                self.current_job_id = None

    def drain(self, timeout_seconds: float) -> None:
        """Stop taking jobs and hand the current one back to the queue."""
        self._draining.set()
        if self._one_at_a_time.acquire(timeout=timeout_seconds):
            self._one_at_a_time.release()

    def _run(self, claim: Claim) -> None:
        started_at = utcnow()
        with _Heartbeat(self._sessions, claim, self._lease_seconds) as heartbeat:
            try:
                self._upscale(claim, heartbeat, started_at)
            except EngineCanceled:
                self._stopped(claim)
            except (StorageUnavailable, StorageFull) as error:
                self._put_off(claim, error)
            except (EngineCrashed, ServiceUnavailable) as error:
                self._try_again(claim, error)
            except UpscalerError as error:
                self._failed(claim, error)
            except (OperationalError, InterfaceError):
                # Without the database nothing can be written down. The lease runs out, and the reaper takes over.
                log.warning("job.database_away", job_id=claim.job_id, exc_info=True)
            except Exception as error:
                log.exception("job.defect", job_id=claim.job_id)
                self._failed(claim, EngineError(), "".join(traceback.format_exception(error)))

    def _upscale(self, claim: Claim, heartbeat: _Heartbeat, started_at: datetime) -> None:
        with self._sessions() as session:
            job = session.get_one(Job, claim.job_id)
            options = options_of(job.params)
            original = job.upload.storage_path
            self._estimate(session, claim, job, options)
        with tempfile.TemporaryDirectory(dir=self._workspace.folder, prefix=f"{claim.job_id}-") as name:
            folder = Path(name)
            source = folder / f"source.{original.rpartition('.')[2]}"
            target = folder / f"result.{format_named(options.output_format).extensions[0]}"
            previews = Previews(folder / "preview.webp", folder / "original.webp")
            self._patiently(heartbeat, self._storage.fetch, original, source)
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
                should_stop=lambda: self._must_stop(heartbeat),
                keeping=self._tiles.checkpoint(claim.job_id),
            )
            self._keep(claim, heartbeat, result, (target, previews), started_at)

    def _estimate(self, session: Session, claim: Claim, job: Job, options: UpscaleOptions) -> None:
        """Reckon anew how long the job takes: whoever waits was told what holds for all workers together."""
        worker = session.get(Worker, self._worker_id)
        device = workers.device_of(worker.backend) if worker is not None else None
        if device is not None:
            upload = job.upload
            _, model = model_table.chosen(session, options)
            recipe = recipe_for(options, upload.width, upload.height, model)
            work = estimates.Work(recipe, upload.width * upload.height, options.refine_faces)
            lifecycle.note_estimate(session, claim, estimates.own_seconds(session, work, [device]))

    def _provide(self, name: str) -> None:
        with self._sessions() as session:
            custom_models.provide(session, self._storage, self._models, name)

    def _provide_faces(self) -> None:
        with self._sessions() as session:
            custom_models.provide_faces(session, self._storage, self._models)

    def _keep(
        self,
        claim: Claim,
        heartbeat: _Heartbeat,
        result: UpscaleResult,
        written: tuple[Path, Previews],
        started_at: datetime,
    ) -> None:
        """Store the result and its previews, and complete the job with them; no file is left when it is not."""
        target, previews = written
        # The claim's token is in the name, so a worker that lost its lease cannot overwrite its successor's file.
        name = f"{claim.job_id}_{claim.token}"
        files = {
            make_key("results", name, target.suffix[1:]): target,
            make_key("previews", name, "webp"): previews.result,
            make_key("previews", f"{name}_original", "webp"): previews.original,
        }
        keys = list(files)
        values: dict[str, Any] = {
            **dict(zip(("result_path", "preview_path", "original_preview_path"), keys, strict=True)),
            "result_mime_type": result.mime_type,
            "result_width": result.width,
            "result_height": result.height,
            "result_size_bytes": result.size_bytes,
            "result_sha256": result.sha256,
            "receipt": result.receipt,
            "device": workers.device_of(result.receipt["backend"]),
            "work_seconds": None
            if result.receipt["resumed_tiles"]
            else (utcnow() - started_at).total_seconds(),
        }
        with self._sessions() as session:
            pending_files.reserve(session, keys)
        try:
            for key, path in files.items():
                self._patiently(heartbeat, self._storage.save, key, path)
            with self._sessions() as session:
                kept = lifecycle.complete(session, claim, values, keys, started_at)
        except BaseException:
            self._discard(keys)
            raise
        if kept:
            self._tiles.remove(claim.job_id)
        else:
            log.warning("job.lease_lost", job_id=claim.job_id)
            self._discard(keys)

    def _discard(self, keys: list[str]) -> None:
        with self._sessions() as session:
            pending_files.discard(session, self._storage, keys)

    def _patiently(self, heartbeat: _Heartbeat, call: Callable[..., None], *arguments: Any) -> None:
        """Call the storage, again and again while it is away; raise ``StorageUnavailable`` when it stays away."""
        for pause in STORAGE_PAUSES:
            try:
                return call(*arguments)
            except StorageUnavailable:
                log.warning("job.storage_away", job_id=self.current_job_id, pause_seconds=pause)
            until = time.monotonic() + pause
            while time.monotonic() < until:
                if self._must_stop(heartbeat):
                    raise EngineCanceled
                self._draining.wait(min(BEAT_SECONDS, pause))
        return call(*arguments)

    def _must_stop(self, heartbeat: _Heartbeat) -> bool:
        return heartbeat.lost or self._draining.is_set()

    def _stopped(self, claim: Claim) -> None:
        if self._draining.is_set():
            with self._sessions() as session:
                held = lifecycle.held_by(claim)
                if lifecycle.release(session, claim.job_id, held, "the worker is stopping", counts=False):
                    dispatch(session, self._queue, claim.job_id)

    def _try_again(self, claim: Claim, error: UpscalerError) -> None:
        if claim.attempt >= self._max_attempts:
            self._failed(claim, error)
            return
        with self._sessions() as session:
            held = lifecycle.held_by(claim)
            if lifecycle.release(session, claim.job_id, held, error.detail, counts=True):
                dispatch(session, self._queue, claim.job_id)

    def _put_off(self, claim: Claim, error: StorageUnavailable | StorageFull) -> None:
        """Put the job back for a while. It is not at fault, so this is none of its attempts."""
        with self._sessions() as session:
            if utcnow() - session.get_one(Job, claim.job_id).created_at > PUT_OFF:
                self._failed(claim, error)
                return
            # Its id is not put into the queue: the reaper does so when the time has come.
            later = utcnow() + PUT_OFF_PAUSE
            lifecycle.release(
                session, claim.job_id, lifecycle.held_by(claim), error.detail, counts=False, not_before=later
            )

    def _failed(self, claim: Claim, error: UpscalerError, trace: str = "") -> None:
        with self._sessions() as session:
            lifecycle.fail(
                session, claim.job_id, lifecycle.held_by(claim), error, trace or self._engine.log_tail
            )


class _Heartbeat:
    """Renews the lease of a claim in the background, and knows when it is lost."""

    def __init__(self, sessions: Sessions, claim: Claim, lease_seconds: int) -> None:
        self._sessions = sessions
        self._claim = claim
        self._lease_seconds = lease_seconds
        self._progress = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"heartbeat-{claim.job_id}", daemon=True)
        self.lost = False

    def report(self, fraction: float) -> None:
        """Note the progress, 0 to 1, for the next beat."""
        self._progress = min(99, int(fraction * 100))

    def __enter__(self) -> _Heartbeat:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self.lost and not self._stop.wait(BEAT_SECONDS):
            try:
                with self._sessions() as session:
                    self.lost = not lifecycle.renew(session, self._claim, self._progress, self._lease_seconds)
            except SQLAlchemyError:
                # A database that is away for a moment is no reason to stop; the lease decides in the end.
                log.warning("job.heartbeat_failed", job_id=self._claim.job_id, exc_info=True)
