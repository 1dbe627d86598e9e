"""The services' tests run on SQLite, and those of what workers share on PostgreSQL as well."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask_appbuilder import Model
from sqlalchemy import Engine

from config import load
from upscaler.models.database import make_engine


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a module's tests on the databases that its ``DATABASES`` names, on SQLite alone where it names none."""
    if "database" in metafunc.fixturenames:
        names = getattr(metafunc.module, "DATABASES", ("sqlite",))
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
