"""Structured logs: a static event name and fields, on the terminal and in a rotated file."""

from __future__ import annotations

import logging
import logging.handlers
from pathlib import Path

import structlog

# Rotation: a file of at most 10 MB, and five older ones.
FILE_BYTES = 10_000_000
OLD_FILES = 5


def configure(level: str, style: str, path: Path) -> None:
    """Send all logs of this process to stderr (``console`` or ``json``) and, as JSON lines, to ``path``."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    as_json = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
    )
    as_text = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
        ],
    )
    terminal = logging.StreamHandler()
    terminal.setFormatter(as_json if style == "json" else as_text)
    path.parent.mkdir(parents=True, exist_ok=True)
    file = logging.handlers.RotatingFileHandler(
        path, maxBytes=FILE_BYTES, backupCount=OLD_FILES, encoding="utf-8"
    )
    file.setFormatter(as_json)
    root = logging.getLogger()
    for handler in root.handlers[:]:
        root.removeHandler(handler)
        handler.close()
    root.addHandler(terminal)
    root.addHandler(file)
    root.setLevel(level)
    for noisy in ("flask_appbuilder", "alembic.runtime.plugins", "PIL", "pyvips"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
