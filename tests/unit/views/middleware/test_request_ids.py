"""Request ids."""

from __future__ import annotations

import json
import re
from pathlib import Path

from config import load
from tests.unit.views.api.conftest import Program
from upscaler import create_app


def test_a_requests_id_comes_back_and_stands_in_the_log(visitor: Program) -> None:
    named = visitor.upload(headers={"X-Request-ID": "mine-1"})
    unnamed = visitor.get("/health", headers={"X-Request-ID": "two words"})

    assert named.headers["X-Request-ID"] == "mine-1"
    assert re.fullmatch(r"[0-9a-f]{32}", unnamed.headers["X-Request-ID"])


def test_every_line_of_the_log_names_its_request(tmp_path: Path) -> None:
    app = create_app(load({"DATA_DIR": str(tmp_path)}, env_file=None))
    # Without tables the database refuses every question.
    answer = app.test_client().get("/api/v1/health", headers={"X-Request-ID": "mine-2"})

    assert answer.status_code == 503
    lines = [json.loads(line) for line in (tmp_path / "logs" / "web.log").read_text().splitlines()]
    assert [line["request_id"] for line in lines if line["event"] == "database.unavailable"] == ["mine-2"]
    app.extensions["upscaler"].submissions.close()
