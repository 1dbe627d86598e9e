"""The shapes of the API's answers, as the specification names their fields."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from flask_babel import gettext

from upscaler.extensions import db
from upscaler.models import BatchItem, Job, JobLog, JobStatus, iso8601
from upscaler.services.files.links import LinkSigner
from upscaler.services.files.names import result_name
from upscaler.services.jobs import estimates
from upscaler.services.jobs.actions import may_change
from upscaler.services.jobs.workers import count_online
from upscaler.views.context import absolute_url, current_account, links
from upscaler.views.receipts import localized_receipt

# Lines of the job's log that a status shows.
LOG_TAIL = 20


def accepted_job(job: Job) -> dict[str, Any]:
    """Return the answer to a new job."""
    return {
        "job_id": job.id,
        "upload_id": job.upload_id,
        "status": job.status,
        "created_at": iso8601(job.created_at),
        "estimated_seconds": estimates.seconds_until_done(db.session, job, count_online(db.session)),
    }


def job_summary(job: Job) -> dict[str, Any]:
    """Return what a list tells of a job."""
    return {
        "job_id": job.id,
        "upload_id": job.upload_id,
        "parent_id": job.parent_id,
        "status": job.status,
        "progress": job.progress,
        "params": job.public_params,
        "has_callback": job.callback_url is not None,
        "model": job.model,
        "filename": job.upload.original_filename,
        "created_at": iso8601(job.created_at),
        "started_at": iso8601(job.started_at),
        "finished_at": iso8601(job.finished_at),
        "duration_seconds": job.duration_seconds,
    }


def job_status(job: Job) -> dict[str, Any]:
    """Return all that the holder of a job's link may know, and what whoever asks may do."""
    signer, now = links(), time.time()
    upload = job.upload
    done = job.state is JobStatus.COMPLETED
    return {
        "job_id": job.id,
        "upload_id": job.upload_id,
        "parent_id": job.parent_id,
        "status": job.status,
        "progress": job.progress,
        "worker_id": job.worker_id if job.state is JobStatus.RUNNING else None,
        "params": job.public_params,
        "has_callback": job.callback_url is not None,
        "model": job.model,
        "created_at": iso8601(job.created_at),
        "started_at": iso8601(job.started_at),
        "finished_at": iso8601(job.finished_at),
        "duration_seconds": job.duration_seconds,
        "estimated_seconds": estimates.seconds_until_done(db.session, job, count_online(db.session)),
        "queue_position": estimates.place_of(db.session, job).jobs + 1
        if job.state is JobStatus.QUEUED
        else None,
        "original_file": link_to(signer, upload.storage_path, upload.original_filename, now),
        "original_preview": link_to(signer, job.original_preview_path, "original.webp", now),
        "preview_file": link_to(signer, job.preview_path, "preview.webp", now),
        "result_file": link_to(signer, job.result_path, result_name(job), now),
        "upload": {
            "filename": upload.original_filename,
            "mime_type": upload.mime_type,
            "width": upload.width,
            "height": upload.height,
            "size_bytes": upload.size_bytes,
        },
        "result": {
            "width": job.result_width,
            "height": job.result_height,
            "size_bytes": job.result_size_bytes,
            "mime_type": job.result_mime_type,
        }
        if done
        else None,
        "error": job_error(job),
        "receipt": localized_receipt(job.receipt) if done and job.receipt is not None else None,
        "may_change": may_change(current_account(), job),
        "logs": log_lines(job.logs[-LOG_TAIL:]),
    }


def log_lines(lines: Sequence[JobLog]) -> list[dict[str, Any]]:
    """Return lines of a job's log."""
    return [{"at": iso8601(line.created_at), "level": line.level, "message": line.message} for line in lines]


def job_error(job: Job | BatchItem) -> dict[str, str] | None:
    """Return why a job failed, or a file was refused, in the reader's language, or None."""
    if not job.error_code or not job.error_message:
        return None
    template = gettext(job.error_message)
    return {"code": job.error_code, "detail": template % job.error_values if job.error_values else template}


def link_to(signer: LinkSigner, key: str | None, filename: str, now: float) -> str | None:
    """Return a signed link to a stored file that offers it as ``filename``, or None where there is no file."""
    return absolute_url(signer.path(key, filename, now)) if key else None
