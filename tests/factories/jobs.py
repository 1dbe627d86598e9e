"""Jobs and their logs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from tests.factories.base import stored
from tests.factories.uploads import new_upload
from upscaler.errors import EngineTimeout
from upscaler.models import Job, JobLog, JobStatus, utcnow


def new_job(session: Session, filename: str = "cat.png", **values: Any) -> Job:
    """Store a queued job of an upload of its own, or of the one that ``upload_id`` names."""
    if "upload_id" not in values:
        values["upload_id"] = new_upload(session, original_filename=filename).id
    usual = {
        "params": {
            "factor": "2x",
            "preset": "photo",
            "denoise": "none",
            "refine_faces": False,
            "output_format": "png",
        },
        "model": "some-model",
    }
    values.setdefault("recipe", values.get("model", usual["model"]))
    return stored(session, Job(**{**usual, **values}))


def job_columns(status: JobStatus) -> dict[str, Any]:
    """Return the columns of a job in a state, as the service fills them; the work took 42 seconds."""
    columns: dict[str, Any] = {"status": status.value, "attempts": 1, "worker_id": "host-1"}
    started = utcnow() - timedelta(seconds=60)
    if status is JobStatus.QUEUED:
        return {"status": status.value}
    columns["started_at"] = started
    if status is JobStatus.RUNNING:
        lease = {"claim_token": "c" * 32, "lease_expires_at": utcnow() + timedelta(seconds=60)}
        return {**columns, **lease, "progress": 40, "estimated_seconds": 90}
    columns["finished_at"] = started + timedelta(seconds=42)
    if status is JobStatus.FAILED:
        error = EngineTimeout(seconds=120)
        columns |= {"error_code": error.code, "error_message": error.message, "error_values": error.values}
    elif status is JobStatus.COMPLETED:
        columns |= {
            "progress": 100,
            "duration_seconds": 42,
            "device": "openvino fp32 on Intel Xeon",
            "result_path": "results/ab/job_ab.png",
            "preview_path": "results/ab/job_ab-preview.webp",
            "original_preview_path": "results/ab/job_ab-original.webp",
            "result_mime_type": "image/png",
            "result_width": 200,
            "result_height": 160,
            "result_size_bytes": 5000,
            "result_sha256": "1" * 64,
            "receipt": {
                "version": 1,
                "kept": [{"code": "resolution_kept", "values": {"dpi": 300}}],
                "changed": [],
                "seconds": {"decode": 0.1},
            },
        }
    return columns


def new_job_log(session: Session, job: Job | None = None, message: str = "accepted", **values: Any) -> JobLog:
    """Store a line of a job's log."""
    owner = job or new_job(session)
    return stored(session, JobLog(job_id=owner.id, message=message, **values))
