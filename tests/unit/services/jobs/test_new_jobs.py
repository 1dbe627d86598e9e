from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from tests import factories
from tests.support.photographs import save_photograph
from upscaler.engine.imaging.hashing import sha256_of
from upscaler.engine.options import UpscaleOptions
from upscaler.errors import UnknownModel
from upscaler.models import Priority
from upscaler.services.audit import SYSTEM
from upscaler.services.files.incoming import IncomingFile
from upscaler.services.jobs.new_jobs import Sender, new_job, new_upload
from upscaler.services.jobs.params import options_of
from upscaler.services.notifications.rules import Notifications
from upscaler.services.registry import Services


def test_an_upload_describes_its_file(db_session: Session, services: Services, received: Path) -> None:
    path = save_photograph("astronaut", received / "received.jpg", 40)
    incoming = IncomingFile(path, "photo.php", guessed_name=True)

    upload = new_upload(services.submissions.check(db_session, incoming, UpscaleOptions("2x"), SYSTEM), 7)

    assert upload.storage_path.startswith("uploads/")
    assert upload.storage_path.endswith(f"{upload.id}.jpg")
    assert (upload.owner_id, upload.original_filename) == (7, "photo.php.jpg")
    assert (upload.mime_type, upload.size_bytes) == ("image/jpeg", path.stat().st_size)
    assert (upload.width, upload.height, upload.sha256) == (40, 40, sha256_of(path))


def test_a_job_keeps_its_options_and_its_sender(db_session: Session) -> None:
    options = UpscaleOptions("4x", "photo")
    notifications = Notifications("https://example.org/hook", "layla@example.org", "ar")

    job = new_job(
        db_session,
        factories.new_upload(db_session),
        options,
        Sender("layla", 7, Priority.BATCH, notifications),
        [],
    )

    assert options_of(job.params) == options
    assert job.params["callback_url"] == "https://example.org/hook"
    assert (job.notify_email, job.language) == ("layla@example.org", "ar")
    assert (job.submitter, job.owner_id, job.priority) == ("layla", 7, Priority.BATCH.value)
    assert job.estimated_seconds is not None
    assert job.estimated_seconds >= 1


def test_a_job_needs_a_model_that_exists(db_session: Session) -> None:
    options = UpscaleOptions("2x", model="unknown")

    with pytest.raises(UnknownModel):
        new_job(db_session, factories.new_upload(db_session), options, Sender("layla"), [])
