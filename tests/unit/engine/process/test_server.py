from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from upscaler.engine.process.protocol import error_from_message
from upscaler.engine.process.server import Host
from upscaler.engine.settings import EngineSettings
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
