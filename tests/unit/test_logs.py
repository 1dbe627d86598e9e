from __future__ import annotations

import json
import logging
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog

from upscaler import logs

pytestmark = pytest.mark.usefixtures("_logging_as_before")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "web.log"


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_line_has_event_fields_level_logger_and_time(path: Path) -> None:
    logs.configure("INFO", "console", path)
    structlog.contextvars.bind_contextvars(request_id="r-1")

    structlog.get_logger("upscaler.jobs").info("job.completed", name="قطة.png", seconds=1.5)

    structlog.contextvars.clear_contextvars()
    [line] = lines(path)
    moment = datetime.fromisoformat(line.pop("timestamp").replace("Z", "+00:00"))
    assert abs(datetime.now(moment.tzinfo) - moment) < timedelta(minutes=1)
    assert line == {
        **{"event": "job.completed", "level": "info", "logger": "upscaler.jobs"},
        **{"name": "قطة.png", "seconds": 1.5, "request_id": "r-1"},
    }


def test_loggers_of_the_standard_library_keep_their_fields(path: Path) -> None:
    logs.configure("INFO", "console", path)

    logging.getLogger("upscaler.engine").warning("child_died", extra={"reason": "SIGSEGV"})

    [line] = lines(path)
    assert (line["event"], line["level"], line["reason"]) == ("child_died", "warning", "SIGSEGV")


def test_an_error_is_one_line_with_its_traceback(path: Path) -> None:
    logs.configure("INFO", "json", path)

    try:
        int("two\nlines")
    except ValueError:
        structlog.get_logger().exception("maintenance.defect", task="tiles")

    [line] = lines(path)
    assert line["event"] == "maintenance.defect"
    assert 'int("two\\nlines")' in line["exception"]


@pytest.mark.parametrize("style", ["json", "console"])
def test_the_terminal_gets_json_or_text(style: str, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO", style, path)

    structlog.get_logger().info("worker.ready", threads=2)

    out, err = capsys.readouterr()
    assert out == ""
    if style == "json":
        assert json.loads(err)["threads"] == 2
    else:
        assert "worker.ready" in err
        assert "threads=2" in err
        assert "\x1b" not in err, "a log in a file has no colours"


def test_what_is_below_the_level_is_left_out(path: Path) -> None:
    logs.configure("WARNING", "console", path)

    structlog.get_logger().info("queue.delivered")
    logging.getLogger("upscaler").info("too quiet")
    structlog.get_logger().warning("deliveries.failed")

    assert [line["event"] for line in lines(path)] == ["deliveries.failed"]


@pytest.mark.parametrize("name", ["flask_appbuilder", "alembic.runtime.plugins", "PIL", "pyvips"])
def test_libraries_that_say_much_are_heard_from_warnings_on(name: str, path: Path) -> None:
    logs.configure("DEBUG", "console", path)

    logging.getLogger(name).info("chatter")
    logging.getLogger(name).warning("trouble")

    assert [line["event"] for line in lines(path)] == ["trouble"]


def test_a_second_call_writes_each_line_once(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO", "console", path.with_name("other.log"))
    logs.configure("INFO", "console", path)

    structlog.get_logger().info("worker.ready")

    assert len(lines(path)) == 1
    assert lines(path.with_name("other.log")) == []
    assert capsys.readouterr().err.count("worker.ready") == 1


def test_a_log_is_rotated_and_only_so_many_old_files_are_kept(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "FILE_BYTES", 1000)
    monkeypatch.setattr(logs, "OLD_FILES", 2)
    logs.configure("INFO", "console", path)

    for number in range(100):
        structlog.get_logger().info("worker.ready", number=number)

    assert sorted(file.name for file in path.parent.iterdir()) == ["web.log", "web.log.1", "web.log.2"]
    assert all(file.stat().st_size <= 1000 for file in path.parent.iterdir())
    assert lines(path)[-1]["number"] == 99
