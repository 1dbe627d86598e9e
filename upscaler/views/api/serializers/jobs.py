"""Jobs as responses show them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from flask_babel import gettext

from upscaler.errors import N_
from upscaler.extensions import db
from upscaler.models import BatchItem, Job, JobLog, JobStatus, Upload, iso8601
from upscaler.services.files.links import LinkSigner
from upscaler.services.files.names import original_name, result_name
from upscaler.services.jobs import estimates
from upscaler.services.jobs.actions import may_change
from upscaler.services.jobs.workers import count_online
from upscaler.views.context import absolute_url, current_account, links
from upscaler.views.receipts import localized_receipt
from upscaler.views.sentences import localized

# Lines of the job's log that its state shows.
LOG_TAIL = 20
NO_WORKER = "no_worker_online"
_NO_WORKER_DETAIL = N_("No worker is online right now. Jobs continue as soon as one starts.")


def accepted_job(job: Job) -> dict[str, Any]:
    """Return the response to a new job."""
    workers = count_online(db.session)
    return {
        "id": job.id,
        "job_id": job.id,
        "upload_id": job.upload_id,
        "status": job.status,
        "status_reason": status_reason(ended=job.state.ended, workers=workers),
        "created_at": iso8601(job.created_at),
        "estimated_seconds": estimates.seconds_until_done(db.session, job, workers),
    }


def job_summary(job: Job) -> dict[str, Any]:
    """Return what a list shows of a job."""
    return {**_common(job), "filename": job.upload.original_filename}


def job_status(job: Job) -> dict[str, Any]:
    """Return all that the holder of a job's link may know, and what the caller may do."""
    signer, now = links(), time.time()
    ended, done = job.state.ended, job.state is JobStatus.COMPLETED
    # Most polls ask for jobs that have ended, for which workers do not matter.
    workers = 0 if ended else count_online(db.session)
    place = estimates.place_of(db.session, job) if job.state is JobStatus.QUEUED else None
    return {
        **_common(job),
        "status_reason": status_reason(ended=ended, workers=workers),
        "worker_id": job.worker_id if job.state is JobStatus.RUNNING else None,
        "estimated_seconds": estimates.seconds_until_done(db.session, job, workers, place),
        "takes_longer": estimates.takes_longer(job),
        "queue_position": place.jobs + 1 if place is not None else None,
        **job_files(job, signer, now),
        "upload": _upload(job.upload),
        "result": _result(job) if done else None,
        "error": job_error(job),
        "receipt": localized_receipt(job.receipt) if done and job.receipt is not None else None,
        "may_change": may_change(current_account(), job),
        "logs": log_lines(job.logs[-LOG_TAIL:]),
    }


def job_files(job: Job, signer: LinkSigner, now: float) -> dict[str, str | None]:
    """Return signed links to the files of a job."""
    upload = job.upload
    return {
        "original_file": link_to(signer, upload.storage_path, original_name(upload), now),
        "original_preview_file": link_to(signer, job.original_preview_path, "original.webp", now),
        "preview_file": link_to(signer, job.preview_path, "preview.webp", now),
        "result_file": link_to(signer, job.result_path, result_name(job), now),
    }


def log_lines(lines: Sequence[JobLog]) -> list[dict[str, Any]]:
    """Return lines of a job's log."""
    return [
        {"created_at": iso8601(line.created_at), "level": line.level, "message": line.message}
        for line in lines
    ]


def job_error(job: Job | BatchItem) -> dict[str, str] | None:
    """Return why a job failed, or a file was refused, in the language of the request, or None."""
    if not job.error_code or not job.error_message:
        return None
    return {"code": job.error_code, "detail": localized(job.error_message, job.error_values)}


def status_reason(*, ended: bool, workers: int) -> dict[str, str] | None:
    """Return why a job or batch does not go on, or None while nothing holds it up."""
    if ended or workers:
        return None
    return {"code": NO_WORKER, "detail": gettext(_NO_WORKER_DETAIL)}


def link_to(signer: LinkSigner, key: str | None, filename: str, now: float) -> str | None:
    """Return a signed link to a stored file that offers it as ``filename``, or None where there is no file."""
    return absolute_url(signer.path(key, filename, now)) if key else None


def _common(job: Job) -> dict[str, Any]:
    return {
        "id": job.id,
        "job_id": job.id,
        "upload_id": job.upload_id,
        "parent_id": job.parent_id,
        "status": job.status,
        "progress": job.progress,
        "progress_exact": job.percent,
        "step": job.step if job.state is JobStatus.RUNNING else None,
        "params": job.public_params,
        "has_callback": job.callback_url is not None,
        "model": job.model,
        "device": job.device,
        "created_at": iso8601(job.created_at),
        "started_at": iso8601(job.started_at),
        "finished_at": iso8601(job.finished_at),
        "duration_seconds": _duration_seconds(job),
    }


def _duration_seconds(job: Job) -> int | None:
    """Return the seconds of work; those of a job without a result count from the first attempt."""
    if job.duration_seconds is not None:
        return job.duration_seconds
    if job.started_at is None or job.finished_at is None:
        return None
    return round((job.finished_at - job.started_at).total_seconds())


def _upload(upload: Upload) -> dict[str, Any]:
    return {
        "id": upload.id,
        "upload_id": upload.id,
        "filename": upload.original_filename,
        "mime_type": upload.mime_type,
        "width": upload.width,
        "height": upload.height,
        "size_bytes": upload.size_bytes,
        "created_at": iso8601(upload.created_at),
    }


def _result(job: Job) -> dict[str, Any]:
    return {
        "width": job.result_width,
        "height": job.result_height,
        "size_bytes": job.result_size_bytes,
        "mime_type": job.result_mime_type,
    }
