"""Parts that the chaos scenarios share: a deployment, and the outcome of each image."""

from __future__ import annotations

import random
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

from sqlalchemy import create_engine, func, select

from tests.support.leftovers import files_in
from tests.support.service import JOB_SECONDS
from upscaler.models import Job, JobLog, JobStatus, ModelRecord, Preview, Upload, Worker, utcnow


@dataclass
class Deployment:
    """A running service, and where it keeps what.

    Attributes:
        urls: of its web hosts.
        database_uri: as SQLAlchemy has it.
        stored_keys: lists what is in the storage.
        scratch_dirs: where its processes keep what they work on.
    """

    urls: list[str]
    database_uri: str
    stored_keys: Callable[[], set[str]]
    scratch_dirs: list[Path]

    def __post_init__(self) -> None:
        self.database = create_engine(self.database_uri, pool_pre_ping=True)

    def waiting(self) -> int:
        """Count the jobs that have not ended."""
        ended = [state.value for state in JobStatus if state.ended]
        with self.database.connect() as connection:
            return (
                connection.scalar(select(func.count()).select_from(Job).where(Job.status.not_in(ended))) or 0
            )

    def wait_until_idle(self, seconds: float = JOB_SECONDS) -> None:
        """Wait until every job has ended."""
        deadline = time.monotonic() + seconds
        while (left := self.waiting()) > 0:
            assert time.monotonic() < deadline, f"{left} jobs have not ended"
            time.sleep(0.3)

    def wait_for_duty(self, worker_pids: Iterable[int], seconds: float = JOB_SECONDS) -> None:
        """Wait until each of these workers has reported, from now on, that it has nothing in hand."""
        since, deadline = utcnow(), time.monotonic() + seconds
        pids = set(worker_pids)
        free = select(Worker.pid).where(Worker.last_heartbeat_at > since, Worker.current_job_id.is_(None))
        while True:
            with self.database.connect() as connection:
                missing = pids - set(connection.scalars(free))
            if not missing:
                return
            assert time.monotonic() < deadline, f"nothing was heard of {missing}"
            time.sleep(0.3)

    def running(self, worker_pid: int) -> list[str]:
        """Return the ids of the jobs that a worker process has in hand."""
        held = (Job.status == JobStatus.RUNNING.value, Job.worker_id.endswith(f"-{worker_pid}"))
        with self.database.connect() as connection:
            return list(connection.scalars(select(Job.id).where(*held)))


def local_keys(root: Path) -> set[str]:
    """List the files of a local storage."""
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


@dataclass(frozen=True)
class Census:
    """Outcome of all accepted images. ``lost`` to ``scratch`` must be empty."""

    statuses: Counter[str]
    lost: set[str]
    failed: dict[str, str]
    finished_twice: set[str]
    missing: set[str]
    several_results: set[str]
    orphans: set[str]
    scratch: set[str]

    def __str__(self) -> str:
        found = ", ".join(f"{count} {status}" for status, count in sorted(self.statuses.items()))
        names = ("lost", "failed", "finished_twice", "missing", "several_results", "orphans", "scratch")
        return f"{found}; " + ", ".join(
            f"{len(getattr(self, name))} {name.replace('_', ' ')}" for name in names
        )


def take_census(deployment: Deployment, accepted: Iterable[str]) -> Census:
    """Compare what clients were promised with the rows, and the rows with the files; every job has ended by now."""
    with deployment.database.connect() as connection:
        jobs = connection.execute(
            select(
                *(Job.id, Job.status, Job.error_code, Job.error_message),
                *(Job.result_path, Job.preview_path, Job.original_preview_path),
            )
        ).all()
        ends = Counter(connection.scalars(select(JobLog.job_id).where(JobLog.message == "completed")))
        uploads = set(connection.scalars(select(Upload.storage_path)))
        crops = connection.execute(select(Preview.crop_path, Preview.results)).all()
        models = set(connection.scalars(select(ModelRecord.artifact_path)))
    results = [path for job in jobs for path in job[4:] if path]
    previews = {result["path"] for crop in crops for result in crop.results.values() if "path" in result}
    named = uploads | set(results) | {crop.crop_path for crop in crops} | previews | models
    stored = deployment.stored_keys()
    completed = {job.id for job in jobs if job.status == JobStatus.COMPLETED.value}
    written = Counter(key.split("/")[-1].split("_")[1] for key in stored if key.startswith("results/"))
    return Census(
        statuses=Counter(job.status for job in jobs),
        lost=set(accepted) - {job.id for job in jobs},
        failed={job.id: f"{job.error_code}: {job.error_message}" for job in jobs if job.status == "failed"},
        finished_twice={job_id for job_id in completed if ends[job_id] != 1},
        missing=(uploads | set(results)) - stored,
        several_results={job_id for job_id in completed if written[job_id.partition("_")[2]] != 1},
        orphans=stored - named,
        scratch={str(path) for path in files_in(*deployment.scratch_dirs)},
    )


def settled_census(deployment: Deployment, accepted: Iterable[str], sweep_seconds: float) -> Census:
    """Take the census once what killed processes left behind is swept, or has not been for ``sweep_seconds``."""
    deadline = time.monotonic() + sweep_seconds
    while True:
        census = take_census(deployment, accepted)
        if not (census.orphans or census.scratch or census.several_results) or time.monotonic() > deadline:
            return census
        time.sleep(1)


def assert_nothing_lost(census: Census) -> None:
    """Every accepted job is completed, once, with one result, and nothing is left over."""
    assert not census.lost, census.lost
    assert set(census.statuses) == {JobStatus.COMPLETED.value}, (census.statuses, census.failed)
    assert not census.finished_twice, census.finished_twice
    assert not census.missing, census.missing
    assert not census.several_results, census.several_results
    assert not census.orphans, census.orphans
    assert not census.scratch, census.scratch


@dataclass
class Kill:
    """The time at which a process was killed (seconds since 1970), and the jobs that it was running."""

    at: float
    interrupted: list[str] = field(default_factory=list)


def recovery_seconds(deployment: Deployment, kills: Iterable[Kill]) -> list[float]:
    """Return, for each job that a kill interrupted, how long after it the job was completed."""
    found = []
    with deployment.database.connect() as connection:
        for kill in kills:
            for job_id in kill.interrupted:
                ended = connection.scalar(select(Job.finished_at).where(Job.id == job_id))
                assert ended is not None, job_id
                # One that ended while it was about to be killed was not interrupted.
                if ended.timestamp() > kill.at:
                    found.append(ended.timestamp() - kill.at)
    return found


def first_completed(deployment: Deployment, since: float) -> float:
    """Return when the first job was completed after ``since``, both in seconds since 1970."""
    after = datetime.fromtimestamp(since, timezone.utc)
    with deployment.database.connect() as connection:
        found = connection.scalar(select(func.min(Job.finished_at)).where(Job.finished_at > after))
    assert found is not None
    return float(found.timestamp())


def spread(values: Sequence[float]) -> str:
    """Describe durations in seconds."""
    if not values:
        return "none"
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return f"median {statistics.median(ordered):.2f} s, p95 {p95:.2f} s, most {ordered[-1]:.2f} s ({len(ordered)})"


def moment(chance: random.Random, most_seconds: float) -> None:
    """Wait until some moment from now on."""
    time.sleep(chance.uniform(0, most_seconds))
