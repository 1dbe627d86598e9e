"""Jobs and their logs."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from tests.factories.base import stored
from tests.factories.uploads import new_upload
from upscaler.models import Job, JobLog


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
        "model": "some-network",
    }
    values.setdefault("recipe", values.get("model", usual["model"]))
    return stored(session, Job(**{**usual, **values}))


def new_job_log(session: Session, job: Job | None = None, message: str = "accepted", **values: Any) -> JobLog:
    """Store a line of a job's log."""
    owner = job or new_job(session)
    return stored(session, JobLog(job_id=owner.id, message=message, **values))
