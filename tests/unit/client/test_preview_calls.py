from __future__ import annotations

import pytest

from tests.support.scripted import hangs_up, says
from upscaler.client import ApiError, Client, WaitTimeout

WAITING = {"id": "prev_1", "status": "queued"}
DONE = {"id": "prev_1", "status": "completed", "items": []}


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"pixels")
    return path


def test_it_waits_until_the_presets_are_done(script, pauses, image):
    server = script(
        says(202, WAITING),
        says(200, WAITING, Preference_Applied="wait=20"),
        says(200, WAITING),
        says(200, DONE),
    )
    with Client(server.url) as client:
        assert client.preview(image, presets="photo,art", left=10) == DONE
    sent, *polls = server.requests
    assert b"pixels" in sent.body
    assert b"photo,art" in sent.body
    assert [poll.path for poll in polls] == ["/api/v1/previews/prev_1"] * 3
    assert all(poll.headers["Prefer"].startswith("wait=") for poll in polls)
    # The service held the first poll, and not the second.
    assert pauses == [1]


def test_a_repeated_request_has_the_same_key(script, pauses, image):
    server = script(hangs_up, says(202, DONE))
    with Client(server.url) as client:
        client.preview(image)
    first, second = server.requests
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]


def test_it_gives_up_when_the_time_is_over(script, image):
    server = script(says(202, WAITING))
    with Client(server.url) as client, pytest.raises(WaitTimeout, match="prev_1"):
        client.preview(image, timeout_seconds=0.5)


def test_a_refusal_is_an_error(script, image):
    server = script(says(422, {"code": "crop_outside", "detail": "The piece lies outside."}))
    with Client(server.url) as client, pytest.raises(ApiError, match="lies outside"):
        client.preview(image)
