"""Fixtures for unit tests: an empty database with all tables, rows, and the services.

Tests run on SQLite, and those of tables and of what workers share on PostgreSQL as well.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
import structlog
from flask_appbuilder import Model
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from config import load
from tests import factories
from upscaler.models import Job
from upscaler.models.database import make_engine
from upscaler.services.registry import Services
from upscaler.tasks.queue import HueyQueue, build_huey


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a module's tests on the databases that its ``DATABASES`` names, on SQLite alone where it names none."""
    if "database" in metafunc.fixturenames:
        names = getattr(metafunc.module, "DATABASES", ("sqlite",))
        metafunc.parametrize("database", names, indirect=True)


@pytest.fixture(autouse=True)
def unprivileged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the audit of settings see another user than root, as which the tests may run."""
    monkeypatch.setattr("config.audit.is_root", lambda: False)


@pytest.fixture(scope="session")
def postgresql_tables(postgresql_url: str) -> Iterator[Engine]:
    """A PostgreSQL database with all tables."""
    engine = make_engine(load({"DATABASE_URL": postgresql_url}, env_file=None).database_uri)
    Model.metadata.create_all(engine)
    yield engine
    Model.metadata.drop_all(engine)
    engine.dispose()


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty database with all tables, on each of the servers that we support."""
    if request.param == "postgresql":
        engine: Engine = request.getfixturevalue("postgresql_tables")
        yield engine
        with engine.begin() as connection:
            for table in reversed(Model.metadata.sorted_tables):
                connection.execute(table.delete())
        return
    engine = make_engine(f"sqlite:///{tmp_path / 'unit.db'}")
    Model.metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def db_session(database: Engine) -> Iterator[Session]:
    with Session(database, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def new_job(db_session: Session) -> Callable[..., Job]:
    """The factory of jobs, on the test's database."""

    return partial(factories.new_job, db_session)


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    """The services over a local storage and a real queue of their own."""
    config = load({"DATA_DIR": str(tmp_path)}, env_file=None)
    queue = HueyQueue(build_huey(config))
    built = Services.from_config(config, queue=queue)
    yield built
    built.submissions.close()


@pytest.fixture
def received(services: Services) -> Path:
    """The folder of received files; the processes that check images may open no other."""
    return services.workspace.folder


@pytest.fixture
def _logging_as_before() -> Iterator[None]:
    """Give the other tests their own logging back after a test that configures the process's."""
    root, settings = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    yield
    for handler in root.handlers[:]:
        root.removeHandler(handler)
        if handler not in handlers:
            handler.close()
    for handler in handlers:
        root.addHandler(handler)
    root.setLevel(level)
    structlog.configure(**settings)
