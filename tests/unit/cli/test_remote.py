from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.scripted import Answer, ScriptedServer, hangs_up, says
from upscaler.cli.interruption import Interruption
from upscaler.cli.remote import RemoteUpscaler, pause_of
from upscaler.cli.staging import StagedImage
from upscaler.cli.upscaling import Upscaled, UpscaleFailed, UpscaleInterrupted
from upscaler.client import Client
from upscaler.engine.options import UpscaleOptions

QUEUED = {"id": "job_1", "status": "queued", "progress": 0}
RUNNING = {**QUEUED, "status": "running", "progress": 40}
COMPLETED = {
    **QUEUED,
    "status": "completed",
    "progress": 100,
    "result": {"width": 24, "height": 18},
    "receipt": {"changed": [{"code": "animation_first", "text": "First image of an animation"}]},
}

Serve = Callable[..., tuple[ScriptedServer, RemoteUpscaler]]


@pytest.fixture
def image(tmp_path: Path) -> StagedImage:
    (tmp_path / "source").write_bytes(b"pixels")
    return StagedImage(tmp_path / "source", tmp_path / "out.png", "a.png")


@pytest.fixture
def serve(script: Callable[..., ScriptedServer]) -> Iterator[Serve]:
    """Return a maker of a service that gives the named answers, and of an upscaler that asks it."""
    clients: list[Client] = []

    def make(*answers: Answer, several: bool = False) -> tuple[ScriptedServer, RemoteUpscaler]:
        server = script(*answers)
        clients.append(Client(server.url, attempts=1))
        return server, RemoteUpscaler(clients[-1], UpscaleOptions("4x", "art"), several=several)

    yield make
    for client in clients:
        client.close()


def state(job: dict[str, Any]) -> Answer:
    """Answer a poll with the state of the job; the next poll may follow at once."""
    return says(200, job, Retry_After="0")


def paths(server: ScriptedServer) -> list[str]:
    return [request.path for request in server.requests]


def test_an_image_is_sent_with_its_options_and_the_result_fetched(serve: Serve, image: StagedImage) -> None:
    server, upscaler = serve(says(202, QUEUED), state(RUNNING))
    server.answers += [state({**COMPLETED, "result_file": f"{server.url}/result"}), says(200, b"new pixels")]
    done: list[float] = []

    result = upscaler.upscale(image, done.append, Interruption())

    assert result == Upscaled(24, 18, ("First image of an animation",))
    assert image.target.read_bytes() == b"new pixels"
    assert done == [0.4, 1.0]
    upload = server.requests[0]
    assert upload.path == "/api/v1/uploads"
    for part in (b'filename="a.png"', b"pixels", b'name="preset"\r\n\r\nart', b'name="factor"\r\n\r\n4x'):
        assert part in upload.body
    assert b"priority" not in upload.body


def test_one_of_several_images_waits_behind_single_ones(serve: Serve, image: StagedImage) -> None:
    server, upscaler = serve(says(422, {"code": "damaged_image", "detail": "Damaged."}), several=True)

    with pytest.raises(UpscaleFailed):
        upscaler.upscale(image, lambda _: None, Interruption())

    assert b'name="priority"\r\n\r\nbatch' in server.requests[0].body


@pytest.mark.parametrize(
    "cancellation", [says(200, {**QUEUED, "status": "canceled"}), says(409, {}), hangs_up]
)
def test_an_interruption_cancels_the_job_on_the_service(
    serve: Serve, image: StagedImage, cancellation: Answer
) -> None:
    server, upscaler = serve(says(202, QUEUED), state(RUNNING), cancellation)
    interrupted = Interruption()

    with pytest.raises(UpscaleInterrupted):
        upscaler.upscale(image, lambda _: interrupted.receive(signal.SIGINT), interrupted)

    assert paths(server) == ["/api/v1/uploads", "/api/v1/jobs/job_1", "/api/v1/jobs/job_1/cancel"]
    assert not image.target.exists()


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ([says(415, {"code": "unsupported_image", "detail": "Not an image."})], "Not an image."),
        ([hangs_up], "No response"),
        (
            [
                says(202, QUEUED),
                state({**QUEUED, "status": "failed", "error": {"code": "timeout", "detail": "Too slow."}}),
            ],
            "Too slow.",
        ),
    ],
    ids=["refused", "silent", "failed"],
)
def test_a_failure_has_the_sentence_of_the_service(
    serve: Serve, image: StagedImage, answers: list[Answer], reason: str
) -> None:
    _, upscaler = serve(*answers)

    with pytest.raises(UpscaleFailed, match=reason):
        upscaler.upscale(image, lambda _: None, Interruption())

    assert not image.target.exists()


def test_a_pause_ends_soon_after_a_signal() -> None:
    asked: list[bool] = []

    def interrupted() -> bool:
        asked.append(True)
        return len(asked) > 2

    started = time.monotonic()
    with pytest.raises(UpscaleInterrupted):
        pause_of(interrupted)(60)
    assert time.monotonic() - started < 5


def test_a_pause_without_a_signal_lasts() -> None:
    started = time.monotonic()
    pause_of(lambda: False)(0.05)
    assert time.monotonic() - started >= 0.05
