from __future__ import annotations

import pytest

from tests.support.scripted import hangs_up, says
from upscaler.client import Batch, Client, JobNotCompleted

ITEMS = [{"filename": "a.png", "status": "queued", "job_id": "job_1", "error": None}]
QUEUED = {"id": "batch_1", "status": "queued", "progress": 0, "result_file": None, "items": ITEMS}


def test_a_batch_is_sent_in_one_request_that_may_be_repeated(script, pauses, tmp_path):
    (tmp_path / "a.png").write_bytes(b"first" * 1000)
    (tmp_path / "b.png").write_bytes(b"second")
    server = script(hangs_up, says(202, QUEUED))

    with Client(server.url) as client:
        batch = client.upload_batch([tmp_path / "a.png", tmp_path / "b.png"], factor="2x", refine_faces=True)

    assert (batch.id, batch.status, batch.ended, batch.completed) == ("batch_1", "queued", False, False)
    assert batch.items == ITEMS
    first, second = server.requests
    assert (second.method, second.path) == ("POST", "/api/v1/batches")
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
    for part in (b'name="file"; filename="a.png"', b"first" * 1000, b'filename="b.png"', b"2x", b"true"):
        assert part in second.body


def test_a_batch_is_waited_for_and_fetched_whole(script, pauses, tmp_path):
    answers = [
        says(200, {**QUEUED, "status": "running", "progress": 50}, Retry_After="2"),
        says(200, {**QUEUED, "status": "partly_failed", "progress": 100}),
    ]
    server = script(*answers)
    seen = []
    with Client(server.url) as client:
        batch = client.wait_for_batch("batch_1", on_progress=lambda state: seen.append(state.progress))
        server.answers += [
            says(200, {**batch.data, "result_file": f"{server.url}/files/batches/batch_1.zip"}),
            says(200, b"archive"),
        ]
        assert client.download_batch(batch, tmp_path / "all.zip").read_bytes() == b"archive"

    assert seen == [50, 100]
    assert (batch.ended, batch.completed) == (True, False)
    assert [request.path for request in server.requests[1:]] == [
        *["/api/v1/batches/batch_1"] * 2,
        "/files/batches/batch_1.zip",
    ]


def test_without_a_result_there_is_no_archive(script, tmp_path):
    with Client(script(says(200, QUEUED)).url) as client, pytest.raises(JobNotCompleted, match="queued"):
        client.download_batch(Batch(QUEUED), tmp_path / "all.zip")
    assert list(tmp_path.iterdir()) == []
