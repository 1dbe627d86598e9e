"""Jobs of everyone, as admins see and repeat them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from tests.unit.views.api.conftest import Program
from upscaler.models import Job
from upscaler.services.jobs import lifecycle

WithKey = Callable[..., Program]


def found(admin: Program, query: str) -> set[str]:
    answer = admin.get(f"/admin/jobs?{query}")
    assert answer.status_code == 200, answer.text
    return {job["job_id"] for job in answer.get_json()["items"]}


def test_jobs_are_found_by_status_owner_model_time_and_name(
    admin: Program, with_key: WithKey, visitor: Program, session: Session
) -> None:
    of_layla = with_key("layla").upload(preset="art").get_json()["job_id"]
    of_visitor = visitor.upload().get_json()["job_id"]
    lifecycle.cancel(session, of_visitor, "in a test")
    day = session.get_one(Job, of_layla).created_at.date().isoformat()

    assert found(admin, "") == {of_layla, of_visitor}
    assert found(admin, "status=canceled") == {of_visitor}
    assert found(admin, "owner=layla") == {of_layla}
    assert found(admin, "owner=-") == {of_visitor}
    assert found(admin, "model=CUNET") == {of_layla}
    assert found(admin, f"q={of_layla[4:20]}") == {of_layla}
    assert found(admin, "q=%25") == set()
    assert found(admin, f"from={day}&to={day}") == {of_layla, of_visitor}
    assert found(admin, "to=2020-01-01T00:00:00Z") == set()
    assert admin.get("/admin/jobs?from=yesterday").get_json()["code"] == "invalid_parameter"


def test_a_job_is_shown_with_its_whole_log_and_its_trace(
    admin: Program, visitor: Program, session: Session
) -> None:
    job_id = visitor.upload().get_json()["job_id"]
    for number in range(30):
        lifecycle.add_log(session, job_id, f"line {number}")
    session.get_one(Job, job_id).error_trace = "Traceback: it broke"
    session.commit()

    shown = admin.get(f"/admin/jobs/{job_id}").get_json()

    assert len(shown["logs"]) == 31
    assert shown["trace"] == "Traceback: it broke"
    assert shown["owner"] is None
    assert "trace" not in visitor.get(f"/jobs/{job_id}").get_json()


def test_a_job_runs_again_under_both_addresses(admin: Program, visitor: Program) -> None:
    job_id = visitor.upload().get_json()["job_id"]

    for path in (f"/jobs/{job_id}/requeue", f"/admin/jobs/{job_id}/requeue"):
        answer = admin.post(path, json={"denoise": "high"})
        assert answer.status_code == 202
        assert answer.headers["Location"].endswith(f"/api/v1/jobs/{answer.get_json()['job_id']}")


def test_a_new_run_by_an_admin_stays_with_the_account_that_sent_the_image(
    admin: Program, with_key: WithKey, visitor: Program
) -> None:
    layla = with_key("layla")
    first = layla.upload().get_json()["job_id"]
    admin.post(f"/jobs/{first}/cancel")

    paths = (f"/jobs/{first}/requeue", f"/jobs/{first}/retry")
    runs = [admin.post(path).get_json()["job_id"] for path in paths]

    assert {job["id"] for job in layla.get("/jobs").get_json()["items"]} == {first, *runs}
    assert admin.get("/jobs").get_json()["items"] == []
    assert layla.get("/me").get_json()["usage"]["jobs"] == 3
    assert admin.get("/me").get_json()["usage"]["jobs"] == 0
    assert not visitor.get(f"/jobs/{runs[0]}").get_json()["may_change"]
    assert [layla.delete(f"/jobs/{job_id}").status_code for job_id in runs] == [204, 204]


def test_a_new_run_of_a_visitors_image_stays_a_visitors(admin: Program, visitor: Program) -> None:
    first = visitor.upload().get_json()["job_id"]

    again = admin.post(f"/jobs/{first}/requeue").get_json()["job_id"]

    assert admin.get("/jobs").get_json()["items"] == []
    assert admin.get(f"/admin/jobs/{again}").get_json()["owner"] is None
    assert visitor.get(f"/jobs/{first}").status_code == 200
    assert visitor.get(f"/jobs/{again}").get_json()["may_change"]
    assert visitor.delete(f"/jobs/{again}").status_code == 204


def test_a_body_counts_also_without_its_content_type(
    admin: Program, visitor: Program, job_of: Callable[[Any], Job]
) -> None:
    job_id = visitor.upload().get_json()["job_id"]
    # As curl's -d sends it.
    plain = {"Content-Type": "application/x-www-form-urlencoded"}

    again = job_of(admin.post(f"/jobs/{job_id}/requeue", data='{"denoise": "high"}', headers=plain))

    assert again.params["denoise"] == "high"
