"""Jobs that an admin runs again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from tests.unit.views.admin.conftest import keep_original
from upscaler.engine.options import OPTIONS, UpscaleOptions
from upscaler.models import Account, AuditLog, Job
from upscaler.storage import Storage
from upscaler.views.option_controls import text_of

NewJob = Callable[..., Job]
Trail = Callable[..., list[AuditLog]]


def test_running_again_with_other_settings_makes_a_new_job(
    admin, new_job: NewJob, session: Session, storage: Storage, tmp_path: Path, trail: Trail
) -> None:
    job = new_job(status="failed")
    keep_original(storage, job, tmp_path)
    choices = {"factor": "4x", "preset": "photo", "denoise": "low", "output_format": "webp"}

    answer = admin.post(f"/admin/job/{job.id}/requeue", choices, page=f"/admin/job/{job.id}")

    again = session.query(Job).filter(Job.parent_id == job.id).one()
    assert answer.location == f"/admin/job/{again.id}"
    assert again.status == "queued"
    assert {name: again.params[name] for name in choices} == choices
    [row] = trail("job.requeue")
    assert row.details == {
        "new_job": again.id,
        "overrides": {"factor": "4x", "denoise": "low", "output_format": "webp"},
    }


@pytest.mark.parametrize("owned", [True, False])
def test_running_again_leaves_the_image_with_its_owner(
    admin,
    new_account: Callable[..., Account],
    new_job: NewJob,
    session: Session,
    storage: Storage,
    tmp_path: Path,
    owned: bool,
) -> None:
    owner = new_account("layla").id if owned else None
    job = new_job(status="failed", owner_id=owner)
    keep_original(storage, job, tmp_path)

    admin.post(f"/admin/job/{job.id}/requeue", page=f"/admin/job/{job.id}")

    assert session.query(Job).filter(Job.parent_id == job.id).one().owner_id == owner


def test_each_option_can_be_changed_for_a_new_run(
    admin, new_job: NewJob, session: Session, storage: Storage, tmp_path: Path, trail: Trail
) -> None:
    job = new_job(status="failed")
    keep_original(storage, job, tmp_path)
    page = admin.get(f"/admin/job/{job.id}").text
    as_it_was = {name: text_of(job.params.get(name, option.default)) for name, option in OPTIONS.items()}

    for name in OPTIONS:
        assert f'name="{name}"' in page
    new = {
        "factor": "2x",
        "target_width": "200",
        "detail": "30",
        "refine_faces": "true",
        "keep_metadata": "all",
    }
    admin.post(f"/admin/job/{job.id}/requeue", {**as_it_was, **new}, page=f"/admin/job/{job.id}")

    again = session.query(Job).filter(Job.parent_id == job.id).one()
    wanted = {"target_width": 200, "detail": 30, "refine_faces": True, "keep_metadata": "all"}
    [row] = trail("job.requeue")
    assert row.details["overrides"] == wanted
    assert again.params == {**job.params, **UpscaleOptions("fit", **wanted).as_dict(), "preset": "photo"}


def test_an_emptied_field_goes_back_to_the_default(
    admin, new_job: NewJob, session: Session, storage: Storage, tmp_path: Path
) -> None:
    job = new_job(status="failed")
    job.params = {**job.params, "quality": 40, "output_format": "jpeg"}
    session.commit()
    keep_original(storage, job, tmp_path)

    admin.post(f"/admin/job/{job.id}/requeue", {"quality": ""}, page=f"/admin/job/{job.id}")

    again = session.query(Job).filter(Job.parent_id == job.id).one()
    assert "quality" not in again.params
    assert again.params["output_format"] == "jpeg"


def test_running_again_with_nonsense_changes_nothing(
    admin, new_job: NewJob, session: Session, storage: Storage, tmp_path: Path, trail: Trail
) -> None:
    job = new_job(status="failed")
    keep_original(storage, job, tmp_path)

    answer = admin.post(f"/admin/job/{job.id}/requeue", {"factor": "99x"}, page=f"/admin/job/{job.id}")

    assert "99x" in admin.get(answer.location).text
    assert session.query(Job).count() == 1
    assert trail("job.requeue") == []
