"""Database connections, and the statements that SQLite and PostgreSQL spell differently."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, cast

from flask_appbuilder import Model
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import CursorResult, Result
from sqlalchemy.orm import Session

# Opens a session of its own for a thread or a process without Flask.
Sessions = Callable[[], AbstractContextManager[Session]]

# How long a writer waits for another one on SQLite, in seconds.
SQLITE_BUSY_SECONDS = 20
# How long a host that does not answer may take, in seconds.
POSTGRESQL_CONNECT_SECONDS = 5
# An idle connection is probed after so many seconds, then so often, so many times. A peer that does not answer is cut
# off: the server releases the locks of a lost client, which the other hosts wait for, and a client does not wait for a
# lost server. The system's own timeout is two hours.
POSTGRESQL_PROBES = {"keepalives_idle": 6, "keepalives_interval": 3, "keepalives_count": 3}
# The same for what was sent and is not confirmed, in milliseconds.
POSTGRESQL_UNCONFIRMED_MS = 15_000


def make_engine(uri: str | URL) -> Engine:
    """Open the database at ``uri`` for a process without Flask, such as the worker."""
    return prepare_engine(create_engine(uri, **engine_options(uri)))


def engine_options(uri: str | URL) -> dict[str, Any]:
    """Return how SQLAlchemy is to open the database at ``uri``."""
    options: dict[str, Any] = {"pool_pre_ping": True}
    if make_url(uri).get_backend_name() == "postgresql":
        options["connect_args"] = {
            "connect_timeout": POSTGRESQL_CONNECT_SECONDS,
            "tcp_user_timeout": POSTGRESQL_UNCONFIRMED_MS,
            **POSTGRESQL_PROBES,
        }
    return options


def prepare_engine(engine: Engine) -> Engine:
    """Give SQLite enforced foreign keys, a write-ahead log and patient writers; have PostgreSQL notice lost clients."""
    for name, listener in _LISTENERS.get(engine.dialect.name, ()):
        if not event.contains(engine, name, listener):
            event.listen(engine, name, listener)
    return engine


def changed_rows(result: Result[Any]) -> int:
    """Return how many rows an INSERT, UPDATE or DELETE touched."""
    # What such a statement returns is a CursorResult, though the type of ``Session.execute`` does not say so.
    return cast("CursorResult[Any]", result).rowcount


def insert_new(session: Session, table: type[Model], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows within the caller's transaction; those that would break a unique constraint are left out."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    if rows:
        session.execute(insert(table).values(list(rows)).on_conflict_do_nothing())


def _set_pragmas(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA journal_mode=WAL")
    # With a write-ahead log NORMAL cannot corrupt the file; only the last commits before a power cut may be lost.
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute(f"PRAGMA busy_timeout={SQLITE_BUSY_SECONDS * 1000}")
    cursor.close()


def _begin(connection: Connection, _name: str | None) -> None:
    """Begin a transaction before a savepoint.

    Python's driver begins one before a statement that writes, and no sooner. SQLite takes a savepoint outside of a
    transaction for one, and its release for the commit: a rollback would come too late.
    """
    if not connection.connection.dbapi_connection.in_transaction:  # type: ignore[union-attr] # of sqlite3
        # With the lock for writers at once: a transaction that has read before may be refused it.
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _have_probed(connection: Any, _record: Any) -> None:
    # Not by "options" of the connection, which poolers in between may refuse. Without effect on a Unix socket.
    with connection.cursor() as cursor:
        for name, value in POSTGRESQL_PROBES.items():
            cursor.execute(f"SET tcp_{name} = {value}")
        cursor.execute(f"SET tcp_user_timeout = {POSTGRESQL_UNCONFIRMED_MS}")
    connection.commit()


# By dialect, the events of an engine and what is done then.
_LISTENERS: Mapping[str, Sequence[tuple[str, Callable[..., None]]]] = {
    "sqlite": (("connect", _set_pragmas), ("savepoint", _begin)),
    "postgresql": (("connect", _have_probed),),
}
