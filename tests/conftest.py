"""Fixtures for several kinds of test: the real service as a process, photographs, and real servers."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.support.photographs import save_photograph
from tests.support.s3 import S3Server
from tests.support.servers import PostgreSQLServer, redis_server
from tests.support.service import FETCHED_FROM, LiveService


@pytest.fixture(autouse=True)
def _push_request_context() -> None:
    """Replace pytest-flask's fixture of this name: all requests of a test would share the context that it holds."""


@pytest.fixture(scope="session")
def live_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """The whole service, started as `make run` starts it, shared by all tests over HTTP."""
    limits = ("RATE_LIMIT", "ACCOUNT_RATE_LIMIT", "PREVIEW_RATE_LIMIT", "POLL_RATE_LIMIT")
    settings = {**dict.fromkeys(limits, "off"), "WEBHOOK_ALLOWED_NETWORKS": f"{FETCHED_FROM}/32"}
    service = LiveService(tmp_path_factory.mktemp("service"), settings)
    service.start()
    yield service
    service.stop()


@pytest.fixture(scope="session")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Real photographs as files, by name: astronaut (PNG), coffee (JPEG), chelsea (WebP)."""
    folder = tmp_path_factory.mktemp("photographs")
    return {
        "astronaut": save_photograph("astronaut", folder / "astronaut.png"),
        "coffee": save_photograph("coffee", folder / "coffee.jpg"),
        "chelsea": save_photograph("chelsea", folder / "chelsea.webp"),
    }


@pytest.fixture(scope="module")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A running S3 server; each test takes a bucket of its own. A test that stops it has to start it again.

    It uses a quarter of a core even when idle: it runs only as long as a module needs it.
    """
    server = S3Server(tmp_path_factory.mktemp("s3"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """The address of a database on a running PostgreSQL server; each test empties it for itself."""
    with PostgreSQLServer() as server:
        yield server.url


@pytest.fixture
def new_database(postgresql_url: str) -> Iterator[str]:
    """The address of an empty database of the test's own on that server."""
    name = f"test_{secrets.token_hex(4)}"
    server = create_engine(postgresql_url.replace("://", "+psycopg://"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        yield f"{postgresql_url.rpartition('/')[0]}/{name}"
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running Redis server; each test empties it for itself."""
    with redis_server(tmp_path_factory.mktemp("redis")) as url:
        yield url
