"""The results of a batch as one archive: names, files and manifest."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from upscaler.errors import BatchConflict, FileGone
from upscaler.models import Batch, BatchItem, Job, JobStatus, iso8601, utcnow
from upscaler.services.batches.packing import MANIFEST, PackedFile
from upscaler.services.batches.state import item_status, summary
from upscaler.services.files.names import result_name

# Characters that some file systems do not allow in a name.
_UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f]')


@dataclass(frozen=True)
class Archive:
    """The contents of an archive. While it is sent, the database is not read."""

    filename: str
    files: list[PackedFile]
    head: dict[str, Any]
    rows: list[dict[str, Any]]

    def manifest(self, gone: Collection[str]) -> bytes:
        """Return the manifest, with an error for the results whose names are in ``gone``."""
        lost = {"code": FileGone.code, "detail": FileGone.message}
        items = [
            {**row, "result": None, "size_bytes": None, "sha256": None, "error": lost}
            if row["result"] in gone
            else row
            for row in self.rows
        ]
        return json.dumps({**self.head, "items": items}, ensure_ascii=False, indent=2).encode()


def archive_of(batch: Batch) -> Archive:
    """Return the contents of an archive of a batch: the results that exist.

    Raises:
        BatchConflict: no image is completed.
    """
    taken = {MANIFEST}
    packed = [_packed(item.job, taken) for item in batch.items]
    rows = [_manifest_row(item, file) for item, file in zip(batch.items, packed, strict=True)]
    files = [file for file in packed if file is not None]
    if not files:
        raise BatchConflict
    head = {
        "batch_id": batch.id,
        "status": summary(batch).status.value,
        "created_at": iso8601(batch.created_at),
        "packed_at": iso8601(utcnow()),
    }
    return Archive(archive_name(batch), files, head, rows)


def archive_name(batch: Batch) -> str:
    """Return the file name of an archive of a batch."""
    return f"images-{batch.created_at:%Y-%m-%d}.zip"


def _packed(job: Job | None, taken: set[str]) -> PackedFile | None:
    if job is None or job.state is not JobStatus.COMPLETED or job.result_path is None:
        return None
    return PackedFile(
        key=job.result_path,
        name=_free_name(result_name(job), taken),
        size_bytes=job.result_size_bytes or 0,
        modified_at=job.finished_at or job.created_at,
    )


def _free_name(name: str, taken: set[str]) -> str:
    """Return a name that every file system can hold and that is not in ``taken``, and add it there."""
    stem, _, ending = unicodedata.normalize("NFC", _UNSAFE.sub("_", name)).rpartition(".")
    stem = stem.lstrip(". ")
    free, number = f"{stem}.{ending}", 1
    while free.casefold() in taken:
        number += 1
        free = f"{stem}-{number}.{ending}"
    taken.add(free.casefold())
    return free


def _manifest_row(item: BatchItem, file: PackedFile | None) -> dict[str, Any]:
    job = item.job
    source = item if job is None else job
    error = None
    if source.error_code and source.error_message:
        values = source.error_values
        error = {
            "code": source.error_code,
            "detail": source.error_message % values if values else source.error_message,
        }
    return {
        "filename": item.filename,
        "job_id": item.job_id,
        "status": item_status(item),
        "result": file.name if file else None,
        "size_bytes": job.result_size_bytes if job and file else None,
        "sha256": job.result_sha256 if job and file else None,
        "error": error,
    }
