"""One's own jobs and account, and what the service offers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.unit.views.api.conftest import Program
from upscaler.engine.presets import PRESET_TABLE
from upscaler.models import Account, Job, Upload, Worker
from upscaler.services.jobs import lifecycle
from upscaler.services.models.model_table import sync_catalogue

WithKey = Callable[..., Program]


def stored(api: Flask) -> list[str]:
    return sorted(path.name for path in api.extensions["config"].files_dir.rglob("*") if path.is_file())


def test_a_list_holds_ones_own_jobs_page_by_page_while_others_come(
    with_key: WithKey, visitor: Program, session: Session
) -> None:
    layla, sven = with_key("layla"), with_key("sven")
    mine = [layla.upload().get_json()["job_id"] for _ in range(5)]
    sven.upload()
    visitor.upload()
    # Also jobs of the same moment are told apart.
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


def test_an_account_sees_what_it_used_and_may_use(with_key: WithKey) -> None:
    layla = with_key("layla")
    layla.upload()

    me = layla.get("/me").get_json()

    assert (me["username"], me["role"], me["email"]) == ("layla", "user", "layla@example.org")
    assert me["usage"] == {
        "jobs": 1,
        "jobs_last_day": 1,
        "completed": 0,
        "input_pixels": 64,
        "output_pixels": 0,
        "worker_seconds": 0,
    }
    assert me["quota"]["upload_rates"] == [{"limit": 100, "remaining": 99, "window_seconds": 86_400}]
    assert me["quota"]["max_upload_size_bytes"] == 15_000_000


def test_a_deleted_job_is_gone_with_its_files_and_rows(
    api: Flask, with_key: WithKey, session: Session, job_of: Callable[[Any], Job]
) -> None:
    layla = with_key("layla")
    before = stored(api)
    job = job_of(layla.upload())
    result = api.extensions["config"].scratch_dir / "result.png"
    result.write_bytes(b"result")
    api.extensions["upscaler"].storage.save("results/00/some.png", result)
    job.result_path = "results/00/some.png"
    session.commit()
    assert len(stored(api)) == len(before) + 2

    assert layla.delete(f"/jobs/{job.id}").status_code == 204

    assert stored(api) == before
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

    assert not lifecycle.renew(session, held, 50, 60)


def test_cancel_ends_a_queued_and_a_running_job_at_once(
    visitor: Program, session: Session, job_of: Callable[[Any], Job]
) -> None:
    waiting, running = job_of(visitor.upload()), job_of(visitor.upload())
    lifecycle.claim(session, running.id, "w-1", 60)

    for job in (waiting, running):
        assert visitor.post(f"/jobs/{job.id}/cancel").get_json()["status"] == "canceled"
    assert visitor.post(f"/jobs/{waiting.id}/cancel").get_json()["code"] == "job_conflict"


def test_networks_and_presets_are_listed(visitor: Program, session: Session) -> None:
    sync_catalogue(session)

    networks = {network["name"] for network in visitor.get("/models").get_json()["items"]}
    presets = visitor.get("/presets").get_json()["items"]

    assert [preset["name"] for preset in presets if preset["is_default"]] == ["standard"]
    assert [(preset["label"], preset["description"]) for preset in presets] == [
        (preset.label, preset.description) for preset in PRESET_TABLE.values()
    ]
    used = {name for preset in presets for choice in preset["choices"] for name in choice["models"]}
    assert used <= networks


def test_a_quote_tells_size_time_and_place_in_the_queue(visitor: Program, session: Session) -> None:
    without_workers = visitor.get("/quote?width=2000&height=1000&factor=4x&preset=photo").get_json()
    assert (without_workers["estimated_seconds"], without_workers["waiting_seconds"]) == (None, None)
    assert without_workers["status_reason"]["code"] == "no_worker_online"
    session.add(Worker(id="w-1", host="here", pid=1, version="0.1.0", backend={}))
    session.commit()
    empty = visitor.get("/quote?width=2000&height=1000&factor=4x&preset=photo").get_json()
    visitor.upload()
    behind = visitor.get("/quote?width=2000&height=1000&factor=4x&preset=photo").get_json()

    assert (empty["output_width"], empty["output_height"]) == (8000, 4000)
    assert empty["output_pixels"] == 32_000_000
    assert empty["estimated_bytes"] > 1_000_000
    assert empty["estimated_seconds"] == empty["own_seconds"] >= 1
    assert (empty["queue_position"], behind["queue_position"]) == (1, 2)
    assert behind["waiting_seconds"] >= 1


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("width=9000&height=10&factor=2x", "too_many_pixels"),
        ("width=8000&height=8000&factor=4x", "result_too_large"),
        ("width=0&height=1&factor=2x", "invalid_parameter"),
        ("height=10&factor=2x", "missing_parameter"),
        ("width=10&height=10", "missing_parameter"),
        ("width=10&height=10&factor=5x", "invalid_parameter"),
    ],
)
def test_a_quote_for_what_would_be_refused_says_so(visitor: Program, query: str, code: str) -> None:
    answer = visitor.get(f"/quote?{query}")

    assert (answer.status_code, answer.get_json()["code"]) == (422, code)
