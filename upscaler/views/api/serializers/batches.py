"""Batches as responses show them."""

from __future__ import annotations

import time
from typing import Any

from upscaler.extensions import db
from upscaler.models import Batch, BatchItem, iso8601
from upscaler.services.batches import state
from upscaler.services.batches.archive import archive_name
from upscaler.services.files.links import LinkSigner
from upscaler.services.jobs import estimates
from upscaler.services.jobs.workers import count_online
from upscaler.views.api.schemas.batches import BatchItemSchema
from upscaler.views.api.serializers.jobs import job_error, job_files, link_to, status_reason
from upscaler.views.archives import archive_key
from upscaler.views.context import endpoint_url, links

_NO_JOB: dict[str, Any] = dict.fromkeys(BatchItemSchema().fields)


def batch_summary(batch: Batch) -> dict[str, Any]:
    """Return what a list shows of a batch."""
    summary = state.summary(batch)
    return {
        "id": batch.id,
        "status": summary.status.value,
        "progress": summary.progress,
        "created_at": iso8601(batch.created_at),
        "counts": summary.counts,
    }


def batch_status(batch: Batch) -> dict[str, Any]:
    """Return all that the holder of a batch's link may know."""
    signer, now = links(), time.time()
    shown, last, workers = batch_summary(batch), state.last_waiting(batch), count_online(db.session)
    name = archive_name(batch) if shown["counts"]["completed"] else None
    return {
        **shown,
        "status_reason": status_reason(ended=last is None, workers=workers),
        "estimated_seconds": estimates.seconds_until_done(db.session, last, workers) if last else 0,
        "result_file": link_to(signer, archive_key(batch.id), name, now) if name else None,
        "items": [_item(item, signer, now) for item in batch.items],
    }


def _item(item: BatchItem, signer: LinkSigner, now: float) -> dict[str, Any]:
    job = item.job
    shown: dict[str, Any] = {"filename": item.filename, "status": state.item_status(item)}
    if job is None:
        return {**_NO_JOB, **shown, "progress": 0, "error": job_error(item)}
    return {
        **shown,
        "progress": job.progress,
        "job_id": job.id,
        "parent_id": job.parent_id,
        "upload_id": job.upload_id,
        "job_url": endpoint_url("api.get_job", job_id=job.id),
        **job_files(job, signer, now),
        "error": job_error(job),
    }
