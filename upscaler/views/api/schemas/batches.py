"""The state of a batch as the API tells it, and its shape for the documentation."""

from __future__ import annotations

import time
from typing import Any

from flask import url_for
from marshmallow import Schema, fields, validate

from upscaler.extensions import db
from upscaler.models import Batch, BatchItem, iso8601
from upscaler.services.batches import batches
from upscaler.services.batches.batches import ITEM_STATES, BatchStatus
from upscaler.services.files.links import LinkSigner
from upscaler.services.files.names import result_name
from upscaler.services.jobs import estimates
from upscaler.services.jobs.workers import count_online
from upscaler.views.api.schemas.jobs import JobErrorAnswer
from upscaler.views.api.serializers import job_error, link_to
from upscaler.views.archives import archive_key
from upscaler.views.context import absolute_url, links


def _file() -> fields.Url:
    return fields.Url(required=True, allow_none=True, require_tld=False)


class BatchCountsAnswer(Schema):
    """How many files are in which state."""

    total = fields.Integer(required=True)
    queued = fields.Integer(required=True)
    running = fields.Integer(required=True)
    completed = fields.Integer(required=True)
    failed = fields.Integer(required=True)
    canceled = fields.Integer(required=True)
    refused = fields.Integer(required=True, metadata={"description": "files that never became a job"})
    deleted = fields.Integer(required=True, metadata={"description": "files whose job was deleted"})


class BatchItemAnswer(Schema):
    """A file of a batch."""

    filename = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(ITEM_STATES))
    progress = fields.Integer(required=True, validate=validate.Range(0, 100))
    job_id = fields.String(required=True, allow_none=True)
    parent_id = fields.String(required=True, allow_none=True)
    upload_id = fields.String(required=True, allow_none=True)
    job_url = _file()
    original_file = _file()
    original_preview = _file()
    preview_file = _file()
    result_file = _file()
    error = fields.Nested(JobErrorAnswer, required=True, allow_none=True)


class BatchAnswer(Schema):
    """A batch and each of its files."""

    batch_id = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf([status.value for status in BatchStatus]))
    progress = fields.Integer(required=True, validate=validate.Range(0, 100))
    created_at = fields.DateTime(required=True)
    estimated_seconds = fields.Integer(required=True, metadata={"description": "until all should be done"})
    counts = fields.Nested(BatchCountsAnswer, required=True)
    result_file = fields.Url(
        required=True,
        allow_none=True,
        require_tld=False,
        metadata={"description": "signed link to a ZIP file of the results that there are"},
    )
    items = fields.List(fields.Nested(BatchItemAnswer), required=True)


_NOTHING: dict[str, Any] = dict.fromkeys(BatchItemAnswer().fields)


def batch_status(batch: Batch) -> dict[str, Any]:
    """Return all that the holder of a batch's link may know."""
    signer, now = links(), time.time()
    summary, last = batches.summary(batch), batches.last_waiting(batch)
    completed = summary.counts["completed"]
    return {
        "batch_id": batch.id,
        "status": summary.status.value,
        "progress": summary.progress,
        "created_at": iso8601(batch.created_at),
        "estimated_seconds": estimates.seconds_until_done(db.session, last, count_online(db.session))
        if last
        else 0,
        "counts": summary.counts,
        "result_file": link_to(signer, archive_key(batch.id), batches.archive_name(batch), now)
        if completed
        else None,
        "items": [_item(item, signer, now) for item in batch.items],
    }


def _item(item: BatchItem, signer: LinkSigner, now: float) -> dict[str, Any]:
    job = item.job
    told: dict[str, Any] = {"filename": item.filename, "status": batches.item_status(item)}
    if job is None:
        return {**_NOTHING, **told, "progress": 0, "error": job_error(item)}
    upload = job.upload
    return {
        **told,
        "progress": job.progress,
        "job_id": job.id,
        "parent_id": job.parent_id,
        "upload_id": job.upload_id,
        "job_url": absolute_url(url_for("api.status", job_id=job.id)),
        "original_file": link_to(signer, upload.storage_path, upload.original_filename, now),
        "original_preview": link_to(signer, job.original_preview_path, "original.webp", now),
        "preview_file": link_to(signer, job.preview_path, "preview.webp", now),
        "result_file": link_to(signer, job.result_path, result_name(job), now),
        "error": job_error(job),
    }
