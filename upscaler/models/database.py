"""Connections: what every engine of ours needs, whoever opens it."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import CursorResult, Result

# How long a writer waits for another one on SQLite, in seconds.
SQLITE_BUSY_SECONDS = 20
# How long a host that does not answer may take, in seconds.
POSTGRESQL_CONNECT_SECONDS = 5


def make_engine(uri: str) -> Engine:
    """Open the database at ``uri`` for a process without Flask, such as the worker."""
    return prepare_engine(create_engine(uri, **engine_options(uri)))


def engine_options(uri: str) -> dict[str, Any]:
    """Return how SQLAlchemy is to open the database at ``uri``."""
    options: dict[str, Any] = {"pool_pre_ping": True}
    if uri.startswith("postgresql"):
        options["connect_args"] = {"connect_timeout": POSTGRESQL_CONNECT_SECONDS}
    return options


def prepare_engine(engine: Engine) -> Engine:
    """Give SQLite enforced foreign keys, a write-ahead log and patient writers; leave other databases as they are."""
    if engine.dialect.name == "sqlite" and not event.contains(engine, "connect", _set_pragmas):
        event.listen(engine, "connect", _set_pragmas)
    return engine


def changed_rows(result: Result[Any]) -> int:
    """Return how many rows an INSERT, UPDATE or DELETE touched."""
    # What such a statement returns is a CursorResult, though the type of ``Session.execute`` does not say so.
    return cast("CursorResult[Any]", result).rowcount


def _set_pragmas(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA journal_mode=WAL")
    # With a write-ahead log NORMAL cannot corrupt the file; only the last commits before a power cut may be lost.
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute(f"PRAGMA busy_timeout={SQLITE_BUSY_SECONDS * 1000}")
    cursor.close()
