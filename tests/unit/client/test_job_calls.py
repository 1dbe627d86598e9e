from __future__ import annotations

import pytest

from tests.support.scripted import breaks_off, hangs_up, says
from upscaler.client import ApiError, Client, Job, JobNotCompleted, ServerUnreachable

QUEUED = {"id": "job_1", "status": "queued", "progress": 0}
RUNNING = {**QUEUED, "status": "running", "progress": 40}


def completed(address="http://127.0.0.1/never"):
    return {**QUEUED, "status": "completed", "progress": 100, "result_file": address}


def test_an_upload_sends_file_and_choices(script, tmp_path):
    (tmp_path / "a.png").write_bytes(b"pixels")
    server = script(says(202, QUEUED))
    with Client(server.url) as client:
        job = client.upload(tmp_path / "a.png", factor="4x", refine_faces=True, quality=90, denoise=None)
    assert (job.id, job.status, job.ended, job.progress) == ("job_1", "queued", False, 0)
    [request] = server.requests
    assert (request.method, request.path) == ("POST", "/api/v1/uploads")
    for part in (b'name="file"; filename="a.png"', b"pixels", b"4x", b"true", b"90"):
        assert part in request.body
    assert b"denoise" not in request.body


def test_a_repeated_upload_carries_the_whole_file_and_the_same_key(script, pauses, tmp_path):
    (tmp_path / "a.png").write_bytes(b"pixels" * 1000)
    server = script(hangs_up, says(503), says(202, QUEUED), says(202, QUEUED))
    with Client(server.url) as client:
        client.upload(tmp_path / "a.png", factor="2x")
        client.upload(tmp_path / "a.png", factor="2x")
    keys = [request.headers["Idempotency-Key"] for request in server.requests]
    assert keys[0] == keys[1] == keys[2] != keys[3]
    assert all(b"pixels" * 1000 in request.body for request in server.requests)


def test_bytes_need_a_name(script):
    server = script(says(202, QUEUED))
    with Client(server.url) as client:
        with pytest.raises(ValueError, match="filename"):
            client.upload(b"pixels", factor="2x")
        client.upload(b"pixels", filename="b.png", factor="2x", idempotency_key="mine")
    assert b'filename="b.png"' in server.requests[0].body
    assert server.requests[0].headers["Idempotency-Key"] == "mine"


def test_an_address_is_sent_in_place_of_an_image(script):
    server = script(says(202, QUEUED))
    with Client(server.url) as client:
        for arguments in ({}, {"image": "a.png", "url": "https://example.org/a.png"}):
            with pytest.raises(ValueError, match="either"):
                client.upload(**arguments)
        assert client.upload(url="https://example.org/a.png", factor="2x").id == "job_1"
    [request] = server.requests
    assert request.body == b"url=https%3A%2F%2Fexample.org%2Fa.png&factor=2x"


def test_a_result_is_fetched_without_credentials_and_appears_whole(script, pauses, tmp_path):
    (tmp_path / "b.png").write_bytes(b"old")
    other = script(breaks_off, says(200, b"new pixels"))
    server = script(says(302, b"", Location=f"{other.url}/a?signature=1"), says(302, b"", Location=other.url))
    with Client(server.url, token="upk_secret") as client:
        assert (
            client.download(Job(completed(f"{server.url}/files/a")), tmp_path / "b.png") == tmp_path / "b.png"
        )
    assert (tmp_path / "b.png").read_bytes() == b"new pixels"
    assert [path.name for path in tmp_path.iterdir()] == ["b.png"]
    assert all("Authorization" not in request.headers for request in [*server.requests, *other.requests])


def test_a_download_that_never_comes_whole_writes_nothing(script, pauses, tmp_path):
    server = script(breaks_off, breaks_off)
    with Client(server.url, attempts=2) as client, pytest.raises(ServerUnreachable):
        client.download(Job(completed(f"{server.url}/a")), tmp_path / "b.png")
    assert list(tmp_path.iterdir()) == []


def test_an_expired_link_is_asked_for_again(script, tmp_path):
    server = script(says(410, {"code": "link_expired", "detail": "Expired."}))
    server.answers += [says(200, completed(f"{server.url}/fresh")), says(200, b"pixels")]
    with Client(server.url) as client:
        client.download(Job(completed(f"{server.url}/old")), tmp_path / "b.png")
    assert [request.path for request in server.requests] == ["/old", "/api/v1/jobs/job_1", "/fresh"]
    assert (tmp_path / "b.png").read_bytes() == b"pixels"


def test_a_forged_link_is_no_expired_one(script, tmp_path):
    server = script(says(403, {"code": "invalid_link", "detail": "No."}))
    with Client(server.url) as client, pytest.raises(ApiError, match="403"):
        client.download(Job(completed(f"{server.url}/old")), tmp_path / "b.png")


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ({"status": "running"}, "it is running"),
        (
            {"status": "failed", "error": {"code": "timeout", "detail": "It took too long."}},
            "It took too long.",
        ),
    ],
)
def test_without_a_result_there_is_no_download(state, reason, tmp_path):
    with Client("http://127.0.0.1") as client, pytest.raises(JobNotCompleted, match=reason):
        client.download(Job({**QUEUED, **state}), tmp_path / "b.png")


def test_the_jobs_of_all_pages_come_one_after_the_other(script):
    server = script(
        says(200, {"items": [QUEUED, RUNNING], "next_cursor": "more"}),
        says(200, {"items": [completed()], "next_cursor": None}),
    )
    with Client(server.url) as client:
        assert [job.status for job in client.jobs("failed")] == ["queued", "running", "completed"]
    assert [request.path for request in server.requests] == [
        "/api/v1/jobs?limit=100&status=failed",
        "/api/v1/jobs?limit=100&status=failed&cursor=more",
    ]
