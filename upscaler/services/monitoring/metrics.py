"""Metrics of the service, in the text format of Prometheus."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from upscaler.errors import StoredFileDamaged
from upscaler.models import Delivery, Job, JobStatus, utcnow
from upscaler.services.monitoring.statistics import StorageFigures, worker_states
from upscaler.version import __version__

# Ended jobs and their times are counted over this period.
WINDOW = timedelta(hours=1)
QUANTILES = (0.5, 0.95)
_ENDED = (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELED)


def metrics_text(session: Session, storage: StorageFigures | None, now: datetime | None = None) -> bytes:
    """Return all metrics; those of the storage are left out where None is given.

    All are gauges, because they are read from tables whose rows may be deleted: rates are those of the last hour.
    """
    registry = CollectorRegistry()
    registry.register(_Figures(session, storage, now or utcnow()))
    return generate_latest(registry)


class _Figures:
    """Collects the metrics when they are read."""

    def __init__(self, session: Session, storage: StorageFigures | None, now: datetime) -> None:
        self._session = session
        self._storage = storage
        self._now = now

    def describe(self) -> Sequence[Metric]:
        """Return nothing, so that the registry does not collect the metrics to learn their names."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics."""
        version = GaugeMetricFamily("upscaler_info", "The version that runs", labels=["version"])
        version.add_metric([__version__], 1)
        yield version
        yield from self._jobs()
        yield from self._times()
        yield from self._workers()
        yield from self._deliveries()
        if self._storage is not None:
            yield GaugeMetricFamily(
                "upscaler_storage_used_bytes", "Bytes that stored files take", self._storage.used_bytes
            )
            if self._storage.free_percent is not None:
                free = self._storage.free_percent / 100
                yield GaugeMetricFamily(
                    "upscaler_storage_free_ratio", "Share of the space that is left", free
                )

    def _jobs(self) -> Iterator[Metric]:
        query = select(Job.status, func.count()).group_by(Job.status)
        yield _by_status(
            "upscaler_jobs", "Jobs in the table, by state", tuple(JobStatus), self._counts(query)
        )
        oldest = self._session.scalar(
            select(func.min(Job.created_at)).where(Job.status == JobStatus.QUEUED.value)
        )
        age = (self._now - oldest).total_seconds() if oldest else 0
        yield GaugeMetricFamily(
            "upscaler_queue_oldest_seconds", "Age of the job that has waited longest", age
        )
        ended = query.where(Job.finished_at >= self._now - WINDOW)
        yield _by_status(
            "upscaler_jobs_ended_last_hour", "Jobs that ended within an hour", _ENDED, self._counts(ended)
        )

        damaged = select(func.count()).where(
            Job.error_code == StoredFileDamaged.code, Job.finished_at >= self._now - WINDOW
        )
        yield GaugeMetricFamily(
            "upscaler_originals_damaged_last_hour",
            "Jobs that failed because their stored original is damaged or missing",
            self._session.scalar(damaged) or 0,
        )

    def _counts(self, query: object) -> dict[str, int]:
        return dict(self._session.execute(query).all())  # type: ignore[call-overload]  # pairs of name and number

    def _times(self) -> Iterator[Metric]:
        done = self._session.execute(
            select(Job.created_at, Job.started_at, Job.finished_at).where(
                Job.status == JobStatus.COMPLETED.value, Job.finished_at >= self._now - WINDOW
            )
        ).all()
        timed = [(created, started, ended) for created, started, ended in done if started and ended]
        worked = [(ended - started).total_seconds() for _, started, ended in timed]
        waited = [(started - created).total_seconds() for created, started, _ in timed]
        yield _quantiles("upscaler_job_seconds_last_hour", "Work on a completed job", worked)
        yield _quantiles("upscaler_job_wait_seconds_last_hour", "Waiting of a completed job", waited)

    def _workers(self) -> Iterator[Metric]:
        states = worker_states(self._session, self._now)
        online = [state.worker for state in states if state.online]
        yield GaugeMetricFamily("upscaler_workers_online", "Workers that are online", len(online))
        busy = sum(worker.current_job_id is not None for worker in online)
        yield GaugeMetricFamily("upscaler_workers_busy", "Workers that are online and run a job", busy)
        held = sum(len(worker.backend.get("quarantined", [])) for worker in online)
        yield GaugeMetricFamily("upscaler_devices_quarantined", "Devices that failed and are not used", held)

    def _deliveries(self) -> Iterator[Metric]:
        query = select(Delivery.status, func.count()).group_by(Delivery.status)
        family = GaugeMetricFamily(
            "upscaler_deliveries", "Webhooks and e-mails in the table, by state", labels=["status"]
        )
        for status, count in sorted(self._counts(query).items()):
            family.add_metric([status], count)
        yield family


def _by_status(name: str, text: str, states: Sequence[JobStatus], counts: dict[str, int]) -> Metric:
    """Return a number for each state, 0 where there is none."""
    family = GaugeMetricFamily(name, text, labels=["status"])
    for status in states:
        family.add_metric([status.value], counts.get(status.value, 0))
    return family


def _quantiles(name: str, text: str, values: list[float]) -> Metric:
    """Return the nearest-rank quantiles; none without values."""
    family = GaugeMetricFamily(name, text, labels=["quantile"])
    ordered = sorted(values)
    for quantile in QUANTILES if ordered else ():
        family.add_metric([str(quantile)], ordered[max(0, math.ceil(quantile * len(ordered)) - 1)])
    return family
