from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import factories
from tests.support.photographs import save_photograph
from upscaler.engine.options import UpscaleOptions
from upscaler.errors import BatchRefused, QueueFull
from upscaler.models import Batch, Job
from upscaler.services.audit import SYSTEM
from upscaler.services.batches import submission
from upscaler.services.batches.state import find_batch
from upscaler.services.files.incoming import IncomingFile
from upscaler.services.jobs.new_jobs import Sender
from upscaler.services.registry import Services

TWICE = UpscaleOptions("2x")
SENDER = Sender("layla")


@pytest.fixture
def good(received: Path) -> IncomingFile:
    return IncomingFile(save_photograph("astronaut", received / "good.png", 40), "folder/good.png")


@pytest.fixture
def empty(tmp_path: Path) -> IncomingFile:
    path = tmp_path / "empty.png"
    path.write_bytes(b"")
    return IncomingFile(path, "empty.png")


def test_the_files_that_can_be_used_become_jobs_in_their_order(
    db_session: Session, services: Services, good: IncomingFile, empty: IncomingFile, received: Path
) -> None:
    owner = factories.new_account(db_session)
    other = IncomingFile(save_photograph("coffee", received / "other.png", 40), "other.png")
    sender = Sender("layla", owner.id)

    with submission.stored(
        db_session, services.submissions, [good, empty, other], TWICE, sender, SYSTEM
    ) as batch_id:
        pass

    batch = find_batch(db_session, batch_id)
    assert batch.owner_id == owner.id
    assert [(item.position, item.filename, item.error_code) for item in batch.items] == [
        (0, "good.png", None),
        (1, "empty.png", "empty_file"),
        (2, "other.png", None),
    ]
    assert batch.items[1].job_id is None
    jobs = [batch.items[position].job for position in (0, 2)]
    assert all(job is not None and job.enqueued_at is not None for job in jobs)
    assert batch.items[0].job_id != batch.items[2].job_id


def test_a_batch_without_a_usable_file_is_refused_with_the_first_reasons(
    db_session: Session, services: Services, empty: IncomingFile
) -> None:
    with (
        pytest.raises(BatchRefused) as refused,
        submission.stored(db_session, services.submissions, [empty] * 6, TWICE, SENDER, SYSTEM),
    ):
        pass

    assert refused.value.values["files"] == ", ".join(["empty.png (empty_file)"] * 5) + ", ..."
    assert list(db_session.scalars(select(Batch))) == []


def test_a_batch_is_accepted_as_a_whole_or_not_at_all(
    db_session: Session, services: Services, good: IncomingFile
) -> None:
    factories.new_setting(db_session, "queue_limit", 1)
    with (
        pytest.raises(QueueFull),
        submission.stored(db_session, services.submissions, [good, good], TWICE, SENDER, SYSTEM),
    ):
        pass
    with (
        pytest.raises(RuntimeError),
        submission.stored(db_session, services.submissions, [good], TWICE, SENDER, SYSTEM),
    ):
        raise RuntimeError

    assert list(db_session.scalars(select(Batch))) == []
    assert list(db_session.scalars(select(Job))) == []
