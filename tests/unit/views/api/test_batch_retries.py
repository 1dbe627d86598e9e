"""Failed images of a batch that are run again: all of them, or one by itself."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

from flask import Flask
from sqlalchemy.orm import Session

from tests.support.batches import rows, send
from tests.unit.views.api.conftest import NOBODY, Program, small_png


def test_failed_images_are_retried_as_new_jobs(
    visitor: Program, session: Session, finish: Callable[..., None]
) -> None:
    files = [("a.png", small_png()), ("b.txt", b"x"), ("c.png", small_png("red"))]
    sent = send(visitor, files).get_json()
    path = f"/batches/{sent['id']}"
    first, _, third = (item["job_id"] for item in sent["items"])
    finish(first, b"result")
    nothing = visitor.post(f"{path}/retry")
    finish(third, None)
    ended = visitor.get(path).get_json()

    again = visitor.post(f"{path}/retry")

    assert (nothing.status_code, nothing.get_json()["code"]) == (409, "batch_conflict")
    assert (ended["status"], ended["progress"]) == ("partly_failed", 100)
    assert ended["items"][2]["error"]["code"] == "engine_crashed"
    assert again.status_code == 202, again.text
    state = again.get_json()
    assert (state["status"], state["items"][0]["job_id"]) == ("running", first)
    assert state["items"][2]["job_id"] != third
    assert state["items"][2]["parent_id"] == third
    assert state["items"][1]["status"] == "refused"
    assert visitor.post(f"{path}/retry").status_code == 409
    assert rows(session) == [2, 3, 1, 3]


def test_only_the_owner_retries(with_key: Callable[..., Program], finish: Callable[..., None]) -> None:
    layla, sven = with_key("layla"), with_key("sven")
    sent = send(layla, [("a.png", small_png())]).get_json()
    finish(sent["items"][0]["job_id"], None)
    path = f"/batches/{sent['id']}/retry"

    assert sven.post(path).get_json()["code"] == "forbidden"
    assert layla.post(path).status_code == 202


def test_a_retry_by_an_admin_stays_with_the_owner_and_their_rate(
    app: Flask,
    with_key: Callable[..., Program],
    admin: Program,
    session: Session,
    finish: Callable[..., None],
) -> None:
    app.extensions["upscaler"].settings.update(session, NOBODY, {"account_rate_limit": "1 per day"})
    layla = with_key("layla")
    sent = send(layla, [("a.png", small_png())]).get_json()
    finish(sent["items"][0]["job_id"], None)
    admin.upload()

    answer = admin.post(f"/batches/{sent['id']}/retry")

    assert answer.status_code == 202
    again = answer.get_json()["items"][0]["job_id"]
    assert again in {job["id"] for job in layla.get("/jobs").get_json()["items"]}


def test_an_image_that_is_retried_by_itself_stays_in_its_batch(
    visitor: Program, finish: Callable[..., None]
) -> None:
    sent = send(visitor, [("a.png", small_png()), ("b.png", small_png("red"))]).get_json()
    path = f"/batches/{sent['id']}"
    first, second = (item["job_id"] for item in sent["items"])
    finish(first, b"result a")
    finish(second, None)
    assert visitor.get(path).get_json()["status"] == "partly_failed"

    again = visitor.post(f"/jobs/{second}/retry").get_json()["job_id"]
    waiting = visitor.get(path).get_json()
    finish(again, b"result b")
    ended = visitor.get(path).get_json()

    assert (waiting["status"], waiting["progress"]) == ("running", 50)
    assert (waiting["counts"]["queued"], waiting["counts"]["failed"]) == (1, 0)
    assert [item["job_id"] for item in waiting["items"]] == [first, again]
    assert waiting["items"][1]["parent_id"] == second
    assert (ended["status"], ended["progress"], ended["counts"]["completed"]) == ("completed", 100, 2)
    with zipfile.ZipFile(io.BytesIO(visitor.client.get(ended["result_file"]).data)) as archive:
        assert [archive.read(name) for name in archive.namelist()[:2]] == [b"result a", b"result b"]
