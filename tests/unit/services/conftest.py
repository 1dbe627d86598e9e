"""The services' tests run over SQLite, and those of what workers share over PostgreSQL as well."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask_appbuilder import Model
from sqlalchemy import Engine

from config import load
from upscaler.models.database import make_engine

OVER_BOTH = {
    "previews.test_runner",
    "test_estimates",
    "test_lifecycle",
    "test_loose_files",
    "test_reaper",
    "test_retention",
    "test_scheduling",
    "test_settings",
    "test_statistics",
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database" in metafunc.fixturenames:
        both = metafunc.module.__name__.partition("unit.services.")[2] in OVER_BOTH
        names = ["sqlite", "postgresql"] if both else ["sqlite"]
        metafunc.parametrize("database", names, indirect=True)


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
