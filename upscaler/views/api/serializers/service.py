"""Workers, deliveries and rows of the audit log as responses show them."""

from __future__ import annotations

from typing import Any

from upscaler.models import AuditLog, Delivery, iso8601
from upscaler.services.jobs.workers import gpu_of
from upscaler.services.monitoring.statistics import WorkerState


def worker_fields(state: WorkerState) -> dict[str, Any]:
    """Return all about a worker."""
    worker = state.worker
    return {
        **_plain(worker, "id", "host", "pid", "version", "backend", "current_job_id"),
        **_times(worker, "started_at", "last_heartbeat_at", "stopped_at"),
        "online": state.online,
        "gpu": gpu_of(worker.backend),
    }


def delivery_fields(row: Delivery) -> dict[str, Any]:
    """Return all about a delivery but its recipient."""
    return {
        **_plain(row, "id", "job_id", "kind", "event", "status", "attempts", "last_status", "last_error"),
        **_times(row, "created_at", "last_attempt_at", "next_attempt_at", "delivered_at"),
    }


def audit_fields(row: AuditLog) -> dict[str, Any]:
    """Return a row of the audit log."""
    plain = ("id", "user_id", "username", "action", "entity_type", "entity_id", "details", "ip_address")
    return {**_plain(row, *plain), **_times(row, "created_at")}


def _plain(row: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _times(row: Any, *names: str) -> dict[str, str | None]:
    return {name: iso8601(getattr(row, name)) for name in names}
