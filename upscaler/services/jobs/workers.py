"""The registry of workers: which are online, on what device, with which job."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from upscaler.models import Worker, utcnow

# A worker without a heartbeat for this long counts as offline, in seconds.
OFFLINE_SECONDS = 30
HEARTBEAT_SECONDS = 5

# Made once: each poll of a job asks for it.
_COUNT = (
    select(func.count())
    .select_from(Worker)
    .where(Worker.last_heartbeat_at >= bindparam("since"), Worker.stopped_at.is_(None))
)


def register(
    session: Session, worker_id: str, *, version: str, backend: dict[str, Any], job_id: str | None
) -> None:
    """Register this process as a worker, or renew its heartbeat."""
    now = utcnow()
    values = {"last_heartbeat_at": now, "backend": backend, "current_job_id": job_id, "stopped_at": None}
    worker = session.get(Worker, worker_id)
    if worker is None:
        worker = Worker(id=worker_id, host=platform.node(), pid=os.getpid(), version=version, started_at=now)
        session.add(worker)
    for name, value in values.items():
        setattr(worker, name, value)
    session.commit()


def deregister(session: Session, worker_id: str) -> None:
    """Deregister a worker that stops."""
    session.execute(
        update(Worker).where(Worker.id == worker_id).values(stopped_at=utcnow(), current_job_id=None)
    )
    session.commit()


def online_workers(session: Session) -> list[Worker]:
    """Return the workers with a heartbeat within the last ``OFFLINE_SECONDS``."""
    since = utcnow() - timedelta(seconds=OFFLINE_SECONDS)
    query = (
        select(Worker)
        .where(Worker.last_heartbeat_at >= since, Worker.stopped_at.is_(None))
        .order_by(Worker.id)
    )
    return list(session.scalars(query))


def device_of(backend: Mapping[str, Any]) -> str | None:
    """Return what an engine runs on, such as ``openvino bf16 on Intel Xeon``; None before it has started.

    ``backend`` is that of a heartbeat or of a receipt.
    """
    if "engine" not in backend:
        return None
    return f"{backend['engine']} {backend['precision']} on {backend['device']}"[:128]


def gpu_of(backend: Mapping[str, Any]) -> str | None:
    """Return the name of the GPU that an engine runs on; None where it runs on a CPU or has not started."""
    return backend["device"] if backend.get("gpu") else None


def devices_online(session: Session) -> list[str]:
    """Return the device of each online worker, once for each worker."""
    return [device for worker in online_workers(session) if (device := device_of(worker.backend)) is not None]


def speeds_online(session: Session) -> list[dict[str, float]]:
    """Return what each online worker has measured: input pixels per second by the name of a model."""
    backends = [worker.backend for worker in online_workers(session)]
    return [
        {name: float(speed["pixels_per_second"]) for name, speed in backend.get("speeds", {}).items()}
        for backend in backends
    ]


def count_online(session: Session) -> int:
    """Return the number of online workers."""
    return session.scalar(_COUNT, {"since": utcnow() - timedelta(seconds=OFFLINE_SECONDS)}) or 0
