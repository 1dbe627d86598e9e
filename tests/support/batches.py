"""Batches over the API: sending one, and the rows that it leaves."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from upscaler.models import Batch, BatchItem, Job, Upload

Files = list[tuple[str, bytes]]


def send(program: Any, files: Files, field: str = "file", **more: Any) -> TestResponse:
    """Send files and return the response."""
    form = {field: [(io.BytesIO(content), name) for name, content in files], "factor": "2x"}
    headers = more.pop("headers", {})
    answer: TestResponse = program.post("/batches", data={**form, **more}, headers=headers)
    return answer


def zipped(files: Files, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a ZIP file of files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return buffer.getvalue()


def rows(session: Session) -> list[int]:
    """Return the numbers of uploads, jobs, batches and items."""
    session.expire_all()
    return [session.query(kind).count() for kind in (Upload, Job, Batch, BatchItem)]
