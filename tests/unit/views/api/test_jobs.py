"""Jobs: listing, canceling, retrying, downloading and deleting them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests import factories
from tests.unit.views.api.conftest import Program
from upscaler.errors import EngineCrashed
from upscaler.models import Account, AuditLog, Job, Upload, utcnow
from upscaler.services.jobs import lifecycle

WithKey = Callable[..., Program]


def stored(app: Flask) -> list[str]:
    return sorted(path.name for path in app.extensions["config"].files_dir.rglob("*") if path.is_file())


def test_a_list_holds_ones_own_jobs_page_by_page_while_others_come(
    with_key: WithKey, visitor: Program, session: Session
) -> None:
    layla, sven = with_key("layla"), with_key("sven")
    mine = [layla.upload().get_json()["job_id"] for _ in range(5)]
    sven.upload()
    visitor.upload()
    # Jobs of the same moment have an order too.
    session.query(Job).filter(Job.id.in_(mine[1:4])).update(
        {"created_at": session.get_one(Job, mine[1]).created_at}
    )
    session.commit()

    first = layla.get("/jobs?limit=2").get_json()
    layla.upload()
    seen = [job["job_id"] for job in first["items"]]
    cursor = first["next_cursor"]
    while cursor:
        page = layla.get(f"/jobs?limit=2&cursor={cursor}").get_json()
        seen += [job["job_id"] for job in page["items"]]
        cursor = page["next_cursor"]

    assert seen[0] == mine[4]
    assert sorted(seen) == sorted(mine)
    assert layla.get("/jobs?status=completed").get_json() == {"items": [], "next_cursor": None}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("limit=0", "invalid_parameter"),
        ("limit=x", "invalid_parameter"),
        ("limit=1&limit=2", "invalid_parameter"),
        ("cursor=nonsense", "invalid_parameter"),
        ("cursor=WzEsMl0", "invalid_parameter"),
        ("status=lost", "invalid_parameter"),
        ("page=2", "unknown_parameter"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(with_key: WithKey, query: str, code: str) -> None:
    answer = with_key("layla").get(f"/jobs?{query}")

    assert (answer.status_code, answer.get_json()["code"]) == (422, code)


def test_visitors_have_no_list(visitor: Program) -> None:
    assert visitor.get("/jobs").status_code == 401


def test_a_deleted_job_is_gone_with_its_files_and_rows(
    app: Flask, with_key: WithKey, session: Session, job_of: Callable[[Any], Job]
) -> None:
    layla = with_key("layla")
    before = stored(app)
    job = job_of(layla.upload())
    result = app.extensions["config"].scratch_dir / "result.png"
    result.write_bytes(b"result")
    app.extensions["upscaler"].storage.save("results/00/some.png", result)
    job.result_path = "results/00/some.png"
    session.commit()
    assert len(stored(app)) == len(before) + 2

    assert layla.delete(f"/jobs/{job.id}").status_code == 204

    assert stored(app) == before
    assert layla.get(f"/jobs/{job.id}").get_json()["code"] == "job_not_found"
    session.expire_all()
    assert session.query(Upload).count() == 0


def test_an_original_stays_as_long_as_a_job_is_of_it(
    with_key: WithKey, admin: Program, session: Session, job_of: Callable[[Any], Job]
) -> None:
    layla = with_key("layla")
    job = job_of(layla.upload())
    again = job_of(admin.post(f"/jobs/{job.id}/requeue", json={"denoise": "low"}))

    assert layla.delete(f"/jobs/{job.id}").status_code == 204

    assert admin.get(f"/uploads/{again.upload_id}/download").status_code == 302
    session.expire_all()
    assert session.get_one(Job, again.id).parent_id is None
    assert admin.delete(f"/jobs/{again.id}").status_code == 204
    assert admin.get(f"/uploads/{again.upload_id}/download").status_code == 404


def test_only_owners_and_admins_change_what_has_an_owner(
    with_key: WithKey, admin: Program, visitor: Program
) -> None:
    job_id = with_key("layla").upload().get_json()["job_id"]

    for other in (visitor, with_key("sven")):
        assert other.get(f"/jobs/{job_id}").get_json()["may_change"] is False
        assert other.post(f"/jobs/{job_id}/cancel").get_json()["code"] == "forbidden"
        assert other.delete(f"/jobs/{job_id}").get_json()["code"] == "forbidden"
    assert admin.get(f"/jobs/{job_id}").get_json()["may_change"] is True
    assert admin.post(f"/jobs/{job_id}/cancel").get_json()["status"] == "canceled"
    assert admin.delete(f"/jobs/{job_id}").status_code == 204


def test_what_an_account_leaves_behind_is_no_visitors(
    with_key: WithKey, admin: Program, visitor: Program, session: Session
) -> None:
    job_id = with_key("layla").upload().get_json()["job_id"]
    owner = session.query(Account).filter_by(username="layla").one()

    assert admin.delete(f"/admin/users/{owner.id}").status_code == 204

    assert visitor.get(f"/jobs/{job_id}").get_json()["may_change"] is False
    assert visitor.delete(f"/jobs/{job_id}").get_json()["code"] == "forbidden"
    assert admin.delete(f"/jobs/{job_id}").status_code == 204


def test_the_holder_of_a_visitors_link_deletes_it(visitor: Program) -> None:
    job_id = visitor.upload().get_json()["job_id"]

    assert visitor.get(f"/jobs/{job_id}").get_json()["may_change"] is True
    assert visitor.delete(f"/jobs/{job_id}").status_code == 204
    assert visitor.delete(f"/jobs/{job_id}").status_code == 404


def test_a_running_job_is_canceled_before_it_is_deleted(
    visitor: Program, session: Session, job_of: Callable[[Any], Job]
) -> None:
    job = job_of(visitor.upload())
    held = lifecycle.claim(session, job.id, "w-1", 60)
    assert held

    assert visitor.delete(f"/jobs/{job.id}").status_code == 204

    assert not lifecycle.renew(session, held, 0.5, "upscaling", 60)


def test_cancel_ends_a_queued_and_a_running_job_at_once(
    visitor: Program, session: Session, job_of: Callable[[Any], Job]
) -> None:
    waiting, running = job_of(visitor.upload()), job_of(visitor.upload())
    lifecycle.claim(session, running.id, "w-1", 60)

    for job in (waiting, running):
        assert visitor.post(f"/jobs/{job.id}/cancel").get_json()["status"] == "canceled"
    assert visitor.post(f"/jobs/{waiting.id}/cancel").get_json()["code"] == "job_conflict"


def test_own_jobs_are_found_by_preset_and_date(with_key: WithKey, session: Session) -> None:
    layla = with_key("layla")
    of_art, of_photo = (layla.upload(preset=preset).get_json()["id"] for preset in ("art", "photo"))
    session.query(Job).filter_by(id=of_art).update({"created_at": utcnow() - timedelta(days=3)})
    session.commit()
    today = utcnow().date().isoformat()

    def found(query: str) -> list[str]:
        return [job["id"] for job in layla.get(f"/jobs?{query}").get_json()["items"]]

    assert found("preset=art") == [of_art]
    assert found(f"from={today}") == [of_photo]
    assert found("to=2020-01-01") == []
    assert found(f"preset=photo&from={today}&to={today}") == [of_photo]


def test_a_result_is_downloaded_by_a_redirect(visitor: Program, session: Session) -> None:
    job_id = visitor.upload().get_json()["id"]
    early = visitor.get(f"/jobs/{job_id}/download")
    assert (early.status_code, early.get_json()["code"]) == (409, "job_conflict")
    session.query(Job).update({"status": "completed", "result_path": "results/aa/x.png"})
    session.commit()

    answer = visitor.get(f"/jobs/{job_id}/download")

    assert answer.status_code == 302
    assert "/files/results/aa/x.png?" in answer.headers["Location"]
    assert "name=cat-2x.png" in answer.headers["Location"]
    session.query(Job).update({"result_path": None})
    session.commit()
    assert visitor.get(f"/jobs/{job_id}/download").get_json()["code"] == "file_deleted"


@pytest.mark.parametrize("status", ["failed", "canceled"])
def test_an_owner_retries_a_job(with_key: WithKey, session: Session, status: str) -> None:
    layla = with_key("layla")
    first = layla.upload(denoise="low").get_json()["id"]
    assert layla.post(f"/jobs/{first}/retry").get_json()["code"] == "job_conflict"
    session.query(Job).update({"status": status})
    session.commit()

    assert with_key("sven").post(f"/jobs/{first}/retry").get_json()["code"] == "forbidden"
    answer = layla.post(f"/jobs/{first}/retry")

    again = answer.get_json()["id"]
    assert answer.status_code == 202
    assert answer.headers["Location"].endswith(f"/api/v1/jobs/{again}")
    shown = layla.get(f"/jobs/{again}").get_json()
    assert (shown["parent_id"], shown["params"]["denoise"], shown["may_change"]) == (first, "low", True)
    assert session.query(AuditLog).filter_by(action="job.retry", entity_id=first).count() == 1


def test_a_job_says_that_nobody_works_on_it(visitor: Program, session: Session) -> None:
    accepted = visitor.upload().get_json()
    path = f"/jobs/{accepted['id']}"

    for state in (accepted, visitor.get(path).get_json()):
        assert state["estimated_seconds"] is None
        assert state["status_reason"]["code"] == "no_worker_online"
    factories.new_worker(session)
    state = visitor.get(path).get_json()
    assert (state["estimated_seconds"] >= 1, state["status_reason"]) == (True, None)


def test_a_job_that_failed_or_was_canceled_has_a_duration_too(visitor: Program, session: Session) -> None:
    job_id = visitor.upload().get_json()["id"]
    started = utcnow() - timedelta(seconds=90)
    times = {"started_at": started, "finished_at": started + timedelta(seconds=42)}
    session.query(Job).update({"status": "canceled", **times})
    session.commit()

    assert visitor.get(f"/jobs/{job_id}").get_json()["duration_seconds"] == 42


def test_the_reason_of_a_crash_is_for_admins_alone(
    visitor: Program, admin: Program, session: Session
) -> None:
    job_id = visitor.upload().get_json()["id"]
    lifecycle.fail(session, job_id, Job.id == job_id, EngineCrashed(reason="SIGKILL"))

    public, internal = visitor.get(f"/jobs/{job_id}"), admin.get(f"/admin/jobs/{job_id}")

    assert public.get_json()["error"]["code"] == "engine_crashed"
    assert "SIGKILL" not in public.text
    assert internal.get_json()["error_reason"] == "SIGKILL"
