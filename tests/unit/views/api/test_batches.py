"""Many images in one request, followed, retried and fetched as one."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.support.batches import Files, rows, send, zipped
from tests.support.leftovers import files_in
from tests.unit.views.api.conftest import NOBODY, Program, small_png
from upscaler.models import Batch, Job
from upscaler.services.jobs import lifecycle


def stored(app: Flask) -> list[Path]:
    config = app.extensions["config"]
    return files_in(config.files_dir, config.scratch_dir)


def test_a_bad_file_fails_alone(visitor: Program, session: Session) -> None:
    answer = send(
        visitor, [("a.png", small_png()), ("../notes.txt", b"no image"), ("ق.png", small_png("red"))]
    )

    assert answer.status_code == 202, answer.text
    batch = answer.get_json()
    assert answer.headers["Location"].endswith(f"/api/v1/batches/{batch['id']}")
    assert [item["filename"] for item in batch["items"]] == ["a.png", "notes.txt", "ق.png"]
    assert [item["status"] for item in batch["items"]] == ["queued", "refused", "queued"]
    assert batch["items"][1]["error"]["code"] == "unsupported_image"
    assert batch["items"][1]["job_id"] is None
    assert (batch["counts"]["total"], batch["counts"]["refused"], batch["counts"]["queued"]) == (3, 1, 2)
    assert (batch["status"], batch["progress"]) == ("queued", 33)
    assert {job.priority for job in session.query(Job)} == {0}
    job = visitor.get(f"/jobs/{batch['items'][0]['job_id']}").get_json()
    assert job["params"]["factor"] == "2x"
    # The links run out at the same minute, unless the minute ends just now.
    assert batch["items"][0]["original_file"].partition("?")[0] == job["original_file"].partition("?")[0]


def test_a_zip_file_is_a_batch(visitor: Program, app: Flask) -> None:
    packed = zipped(
        [
            ("holiday/", b""),
            ("holiday/a.png", small_png()),
            ("../../a.png", small_png("red")),
            ("C:\\b.png", small_png("blue")),
            ("__MACOSX/._a.png", b"x"),
            (".DS_Store", b"x"),
            ("holiday/.hidden/c.png", small_png()),
        ]
    )

    answer = send(visitor, [("all.zip", packed)], field="files", output_format="webp", priority="normal")

    assert answer.status_code == 202, answer.text
    assert [item["filename"] for item in answer.get_json()["items"]] == ["a.png", "a.png", "b.png"]
    assert [path for path in stored(app) if "incoming" in str(path)] == []


@pytest.mark.parametrize(
    ("files", "status", "code"),
    [
        ([("a.txt", b"no image"), ("b.txt", b"")], 422, "batch_rejected"),
        ([], 422, "missing_file"),
        ([("a.zip", zipped([]))], 422, "invalid_archive"),
        ([("a.zip", zipped([("a.png", small_png())])[:-30])], 422, "invalid_archive"),
        ([("a.png", small_png())] * 101, 422, "too_many_files"),
        ([("a.zip", zipped([(f"{n}.png", b"x") for n in range(101)]))], 422, "too_many_files"),
    ],
    ids=["no image", "nothing", "empty", "broken", "many", "many packed"],
)
def test_what_cannot_be_a_batch_leaves_nothing(
    visitor: Program, app: Flask, session: Session, files: Files, status: int, code: str
) -> None:
    before = stored(app)

    answer = send(visitor, files)

    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert stored(app) == before
    assert rows(session) == [0, 0, 0, 0]


def test_a_batch_is_bounded_in_bytes_as_sent_and_as_unpacked(
    app: Flask, visitor: Program, session: Session
) -> None:
    sizes = {"max_batch_size_bytes": 100_000, "max_upload_size_bytes": 50_000}
    app.extensions["upscaler"].settings.update(session, NOBODY, sizes)
    before = stored(app)

    sent = send(visitor, [(f"{number}.png", b"x" * 140_000) for number in range(3)])
    bomb = send(visitor, [("bomb.zip", zipped([(f"{number}.png", bytes(1_000_000)) for number in range(9)]))])
    single = send(visitor, [("a.zip", zipped([("a.png", small_png()), ("b.png", bytes(1_000_000))]))])

    for answer in (sent, bomb):
        assert (answer.status_code, answer.get_json()["code"]) == (413, "batch_too_large")
    assert single.get_json()["items"][1]["error"]["code"] == "file_too_large"
    assert len(stored(app)) == len(before) + 1


def test_unknown_fields_and_values_are_refused_for_the_whole(visitor: Program, session: Session) -> None:
    image = [("a.png", small_png())]

    assert send(visitor, image, size="9").get_json()["code"] == "unknown_parameter"
    assert send(visitor, image, url="https://example.org/").get_json()["code"] == "unknown_parameter"
    assert send(visitor, image, factor="9x").get_json()["code"] == "invalid_parameter"
    assert visitor.get("/batches/batch_0").get_json()["code"] == "batch_not_found"
    assert rows(session) == [0, 0, 0, 0]


def test_each_file_counts_as_an_upload(app: Flask, visitor: Program, session: Session) -> None:
    app.extensions["upscaler"].settings.update(session, NOBODY, {"rate_limit": "4 per hour"})

    assert send(visitor, [("a.png", small_png()), ("b.txt", b"x")]).status_code == 202
    refused = send(visitor, [(f"{number}.png", small_png()) for number in range(3)])
    assert (refused.status_code, refused.get_json()["code"]) == (429, "rate_limited")
    assert int(refused.headers["Retry-After"]) > 0
    # A refused request counts as one, as elsewhere.
    assert visitor.upload().status_code == 202
    assert visitor.upload().status_code == 429
    assert rows(session) == [2, 2, 1, 2]


def test_a_repeated_request_is_answered_alike_and_makes_one_batch(visitor: Program, session: Session) -> None:
    files, key = [("a.png", small_png()), ("b.png", small_png("red"))], {"Idempotency-Key": "one"}

    first, second = (send(visitor, files, headers=key) for _ in range(2))
    other = send(visitor, files[:1], headers=key)

    assert first.get_json() == second.get_json()
    assert second.headers["Idempotency-Replayed"] == "true"
    assert other.get_json()["code"] == "idempotency_conflict"
    assert rows(session) == [2, 2, 1, 2]


def test_a_full_queue_takes_all_or_nothing(app: Flask, visitor: Program, session: Session) -> None:
    app.extensions["upscaler"].settings.update(session, NOBODY, {"queue_limit": 1})

    answer = send(visitor, [("a.png", small_png()), ("b.png", small_png())])

    assert (answer.status_code, answer.get_json()["code"]) == (429, "queue_full")
    assert rows(session) == [0, 0, 0, 0]


def test_results_come_as_one_archive_with_a_list_of_contents(
    visitor: Program, session: Session, app: Flask, finish: Callable[..., None]
) -> None:
    names = ["cat.png", "CAT.png", "a:b?.png", "c.txt", "gone.png", "later.png"]
    sent = send(visitor, [(name, b"x" if name == "c.txt" else small_png()) for name in names]).get_json()
    path = f"/batches/{sent['id']}"
    jobs = [item["job_id"] for item in sent["items"]]
    early = visitor.get(f"{path}/download")
    assert (early.status_code, early.get_json()["code"]) == (409, "batch_conflict")
    assert sent["result_file"] is None

    for number, job_id in enumerate(jobs[:5]):
        if job_id:
            finish(job_id, f"result {number}".encode() * 20_000)
    app.extensions["upscaler"].storage.delete(session.get_one(Job, jobs[4]).result_path)
    state = visitor.get(path).get_json()
    answer = visitor.client.get(state["result_file"])

    assert (state["status"], state["progress"]) == ("running", 83)
    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=images-")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["cat-2x.png", "CAT-2x-2.png", "a_b_-2x.png", "manifest.json"]
        assert archive.read("CAT-2x-2.png") == b"result 1" * 20_000
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}
        manifest = json.loads(archive.read("manifest.json"))
    assert [item["filename"] for item in manifest["items"]] == names
    first, refused, gone = (manifest["items"][number] for number in (0, 3, 4))
    assert (first["result"], first["size_bytes"], first["job_id"]) == ("cat-2x.png", 160_000, jobs[0])
    assert first["sha256"] == hashlib.sha256(b"result 0" * 20_000).hexdigest()
    assert (refused["status"], refused["error"]["code"]) == ("refused", "unsupported_image")
    assert (gone["status"], gone["result"], gone["error"]["code"]) == ("completed", None, "file_deleted")
    assert visitor.get(f"{path}/download").data[:4] == b"PK\x03\x04"


def test_a_link_to_an_archive_opens_nothing_else_and_not_for_ever(
    visitor: Program, app: Flask, finish: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = [send(visitor, [("a.png", small_png())]).get_json() for _ in range(2)]
    finish(sent[0]["items"][0]["job_id"], b"result")
    link = visitor.get(f"/batches/{sent[0]['id']}").get_json()["result_file"]

    other = visitor.client.get(link.replace(sent[0]["id"], sent[1]["id"]))
    monkeypatch.setattr("upscaler.views.archives.time.time", lambda: 9e9)
    late = visitor.client.get(link)

    assert (other.status_code, other.get_json()["code"]) == (403, "invalid_signature")
    assert (late.status_code, late.get_json()["code"]) == (410, "link_expired")


def test_a_batch_outlives_its_jobs_and_its_owner(
    with_key: Callable[..., Program], admin: Program, visitor: Program, session: Session
) -> None:
    layla = with_key("layla")
    sent = send(layla, [("a.png", small_png()), ("b.png", small_png("red"))]).get_json()
    path = f"/batches/{sent['id']}"
    owner = layla.get("/me").get_json()["id"]

    assert layla.delete(f"/jobs/{sent['items'][0]['job_id']}").status_code == 204
    assert admin.delete(f"/admin/users/{owner}").status_code == 204

    state = visitor.get(path).get_json()
    assert [item["status"] for item in state["items"]] == ["deleted", "queued"]
    assert state["counts"]["deleted"] == 1
    assert session.get_one(Batch, sent["id"]).owner_id is None


def test_a_poll_without_news_takes_few_bytes_and_waits_if_asked_to(
    visitor: Program, session: Session
) -> None:
    sent = send(visitor, [("a.png", small_png())]).get_json()
    path = f"/batches/{sent['id']}"

    first = visitor.get(path)
    same = visitor.get(path, headers={"If-None-Match": first.headers["ETag"]})
    waited = visitor.get(path, headers={"Prefer": "wait=1"})
    lifecycle.cancel(session, sent["items"][0]["job_id"], "in a test")
    ended = visitor.get(path, headers={"Prefer": "wait=60"})

    assert int(first.headers["Retry-After"]) >= 1
    assert same.status_code == 304
    assert waited.headers["Preference-Applied"] == "wait=1"
    assert ended.get_json()["status"] == "canceled"
    assert "Retry-After" not in ended.headers
