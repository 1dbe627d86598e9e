from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from upscaler.engine.process.protocol import error_from_message
from upscaler.engine.process.server import Host
from upscaler.engine.settings import EngineSettings
from upscaler.engine.tiling.upscaler import Upscaler
from upscaler.errors import EngineError


def answers_to(folder: Path, *requests: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the messages of a host of the fast engine whose input ends after the requests."""
    answers = io.BytesIO()
    host = Host(EngineSettings(engine="lanczos", threads=1), folder, answers)
    host.serve(io.BytesIO(b"".join(json.dumps(request).encode() + b"\n" for request in requests)))
    return [json.loads(line) for line in answers.getvalue().splitlines()]


def test_it_is_ready_and_ends_with_its_input(tmp_path: Path) -> None:
    assert answers_to(tmp_path) == [{"ready": True}]


def test_an_unknown_request_ends_neither_the_process_nor_the_next_request(tmp_path: Path) -> None:
    messages = answers_to(tmp_path, {"do": "nonsense", "request_id": 7}, {"do": "nonsense"})

    answers = [message for message in messages if "error" in message]
    assert sorted(answer.get("request_id", 0) for answer in answers) == [0, 7]
    assert {type(error_from_message(answer["error"])) for answer in answers} == {EngineError}


class PausedInput:
    """An input that gives its second request only once the trial has begun, and ends in the middle of it."""

    def __init__(self, requests: list[dict[str, Any]]) -> None:
        self.requests = requests
        self.begun = threading.Event()
        self.answered = threading.Event()

    def __iter__(self) -> Iterator[bytes]:
        yield json.dumps(self.requests[0]).encode()
        assert self.begun.wait(60)
        yield json.dumps(self.requests[1]).encode()
        assert self.answered.wait(60)


def test_the_trial_runs_between_requests_and_gives_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces: list[int] = []
    requests = PausedInput([{"do": "describe"}, {"do": "describe"}])

    def refine(self: Upscaler) -> bool:
        pieces.append(len(answers.getvalue().splitlines()))
        requests.begun.set()
        if sum(b"result" in line for line in answers.getvalue().splitlines()) == 2:
            requests.answered.set()
        time.sleep(0.01)
        return True

    monkeypatch.setattr(Upscaler, "refine", refine)
    answers = io.BytesIO()
    Host(EngineSettings(engine="lanczos", threads=1), tmp_path, answers).serve(requests)  # type: ignore[arg-type]

    messages = [json.loads(line) for line in answers.getvalue().splitlines()]
    assert sum("result" in message for message in messages) == 2
    assert pieces, "it ran although it never ended"


def test_a_trial_that_fails_does_not_end_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    requests = PausedInput([{"do": "describe"}, {"do": "describe"}])
    requests.answered.set()

    def fail(self: Upscaler) -> bool:
        requests.begun.set()
        raise ZeroDivisionError

    monkeypatch.setattr(Upscaler, "refine", fail)
    answers = io.BytesIO()
    Host(EngineSettings(engine="lanczos", threads=1), tmp_path, answers).serve(requests)  # type: ignore[arg-type]

    assert sum(b"result" in line for line in answers.getvalue().splitlines()) == 2
