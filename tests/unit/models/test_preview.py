from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests import factories
from upscaler.models import JobStatus

DATABASES = ("sqlite", "postgresql")


@pytest.mark.parametrize("status", list(JobStatus))
def test_it_has_ended_in_the_states_in_which_a_job_has(db_session: Session, status: JobStatus) -> None:
    assert factories.new_preview(db_session, status=status.value).ended is status.ended


def test_a_new_preview_waits_without_results_of_another(db_session: Session) -> None:
    first, second = factories.new_preview(db_session), factories.new_preview(db_session)

    first.results["photo"] = {"path": "previews/ab/x.png"}

    assert (second.status, second.attempts, second.results) == ("queued", 0, {})


def test_no_two_previews_share_a_crop(db_session: Session) -> None:
    first = factories.new_preview(db_session)

    with pytest.raises(IntegrityError):
        factories.new_preview(db_session, crop_path=first.crop_path)


def test_a_preview_outlives_its_owner(db_session: Session) -> None:
    owner = factories.new_account(db_session)
    preview = factories.new_preview(db_session, owner_id=owner.id)

    db_session.delete(owner)
    db_session.commit()
    db_session.refresh(preview)

    assert preview.owner_id is None
