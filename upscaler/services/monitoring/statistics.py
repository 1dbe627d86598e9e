"""The figures of the dashboard: uploads, jobs over time, average times, workers, storage."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload

from upscaler.models import Job, JobStatus, Upload, Worker, utcnow
from upscaler.services.jobs.workers import OFFLINE_SECONDS
from upscaler.storage import Storage

# The average job time looks back this far.
AVERAGE_DAYS = 7
# A worker that was last seen longer ago than this is no longer listed.
WORKER_DAYS = 1
# How long a measurement of the storage counts, in seconds; one that took long counts that many times as long.
STORAGE_SECONDS = 60.0
STORAGE_FACTOR = 30.0


@dataclass(frozen=True)
class KeyFigures:
    """The figures of the cards. ``average_seconds`` is None where no job was completed within ``AVERAGE_DAYS``."""

    uploads: int
    queued: int
    running: int
    completed_today: int
    average_seconds: float | None


@dataclass(frozen=True)
class Slot:
    """The jobs that were accepted and that ended within the period that begins at ``start``."""

    start: datetime
    accepted: int
    completed: int
    failed: int
    canceled: int


@dataclass(frozen=True)
class WorkerState:
    """A worker and whether it is online."""

    worker: Worker
    online: bool


@dataclass(frozen=True)
class StorageFigures:
    """Bytes of stored files, and free space in percent; None where space is not limited."""

    used_bytes: int
    free_percent: float | None


def key_figures(session: Session, now: datetime | None = None) -> KeyFigures:
    """Count uploads and jobs; "today" is the current day in UTC."""
    now = now or utcnow()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    states = [JobStatus.QUEUED.value, JobStatus.RUNNING.value]
    waiting: dict[str, int] = dict(
        session.execute(
            select(Job.status, func.count()).where(Job.status.in_(states)).group_by(Job.status)
        ).all()
    )
    done = Job.status == JobStatus.COMPLETED.value
    return KeyFigures(
        uploads=session.scalar(select(func.count()).select_from(Upload)) or 0,
        queued=waiting.get(JobStatus.QUEUED.value, 0),
        running=waiting.get(JobStatus.RUNNING.value, 0),
        completed_today=session.scalar(
            select(func.count()).select_from(Job).where(done, Job.finished_at >= midnight)
        )
        or 0,
        average_seconds=_average_seconds(session, now - timedelta(days=AVERAGE_DAYS)),
    )


def jobs_over_time(session: Session, slots: int, width: timedelta, now: datetime | None = None) -> list[Slot]:
    """Count jobs in ``slots`` periods of ``width`` each; the last one contains the present moment.

    Periods begin at multiples of ``width`` since 1970 in UTC: days at midnight, hours on the hour.
    """
    now = now or utcnow()
    seconds = int(width.total_seconds())
    last = datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, timezone.utc)
    starts = [last - width * (slots - 1 - index) for index in range(slots)]
    accepted = _per_slot(session, starts, Job.created_at, [])
    ended = {
        status: _per_slot(session, starts, Job.finished_at, [Job.status == status.value])
        for status in (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELED)
    }
    return [
        Slot(
            start=start,
            accepted=accepted.get(index, 0),
            completed=ended[JobStatus.COMPLETED].get(index, 0),
            failed=ended[JobStatus.FAILED].get(index, 0),
            canceled=ended[JobStatus.CANCELED].get(index, 0),
        )
        for index, start in enumerate(starts)
    ]


def recent_jobs(session: Session, limit: int = 8) -> Sequence[Job]:
    """Return the jobs that were accepted last, the newest first, with their uploads and owners."""
    query = select(Job).options(joinedload(Job.upload), joinedload(Job.owner))
    return session.scalars(query.order_by(Job.created_at.desc(), Job.id).limit(limit)).all()


def recent_errors(session: Session, limit: int = 5) -> Sequence[Job]:
    """Return the jobs that failed last, the newest first."""
    query = select(Job).where(Job.status == JobStatus.FAILED.value).options(joinedload(Job.upload))
    return session.scalars(query.order_by(Job.finished_at.desc(), Job.id).limit(limit)).all()


def worker_states(session: Session, now: datetime | None = None) -> list[WorkerState]:
    """Return the workers seen within ``WORKER_DAYS``, those that are online first."""
    now = now or utcnow()
    seen = Worker.last_heartbeat_at >= now - timedelta(days=WORKER_DAYS)
    since = now - timedelta(seconds=OFFLINE_SECONDS)
    found = [
        WorkerState(worker, worker.stopped_at is None and worker.last_heartbeat_at >= since)
        for worker in session.scalars(select(Worker).where(seen).order_by(Worker.last_heartbeat_at.desc()))
    ]
    return sorted(found, key=lambda state: (not state.online, state.worker.id if state.online else ""))


class StorageMeter:
    """Measures the storage, less often the longer it takes; safe to share between threads."""

    def __init__(self, storage: Storage, clock: Callable[[], float] = time.monotonic) -> None:
        self._storage = storage
        self._clock = clock
        self._lock = threading.Lock()
        self._figures: StorageFigures | None = None
        self._valid_until = 0.0

    def figures(self) -> StorageFigures:
        """Return a measurement that is recent enough, or a new one; raise ``ServiceUnavailable``."""
        # One thread measures while the others wait: a slow disk is not walked over several times at once.
        with self._lock:
            begun = self._clock()
            if self._figures is None or begun > self._valid_until:
                self._figures = StorageFigures(self._storage.used_bytes(), self._storage.free_percent())
                ended = self._clock()
                self._valid_until = ended + max(STORAGE_SECONDS, STORAGE_FACTOR * (ended - begun))
            return self._figures


def _average_seconds(session: Session, since: datetime) -> float | None:
    average = session.scalar(
        select(func.avg(Job.duration_seconds)).where(
            Job.status == JobStatus.COMPLETED.value,
            Job.finished_at >= since,
            Job.duration_seconds.is_not(None),
        )
    )
    return None if average is None else float(average)


def _per_slot(
    session: Session,
    starts: list[datetime],
    moment: InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None],
    conditions: list[ColumnElement[bool]],
) -> dict[int, int]:
    """Count jobs by the index of the slot that ``moment``, a column of ``Job``, falls into."""
    # A CASE over the edges, because the databases have no common function that truncates times.
    slot = case(*[(moment < edge, index) for index, edge in enumerate(starts[1:])], else_=len(starts) - 1)
    query = select(slot.label("slot"), func.count()).where(moment >= starts[0], *conditions).group_by("slot")
    return dict(session.execute(query).all())
