"""The services' tests run over both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask_appbuilder import Model
from sqlalchemy import Engine

from config import load
from upscaler.models.database import make_engine


@pytest.fixture(scope="session")
def postgresql_tables(postgresql_url: str) -> Iterator[Engine]:
    """A PostgreSQL database with all tables."""
    engine = make_engine(load({"DATABASE_URL": postgresql_url}, env_file=None).database_uri)
    Model.metadata.create_all(engine)
    yield engine
    Model.metadata.drop_all(engine)
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty database with all tables, on each of the servers that we support."""
    if request.param == "postgresql":
        engine: Engine = request.getfixturevalue("postgresql_tables")
        yield engine
        names = ", ".join(f'"{table.name}"' for table in Model.metadata.sorted_tables)
        with engine.begin() as connection:
            connection.exec_driver_sql(f"TRUNCATE {names} RESTART IDENTITY CASCADE")
        return
    engine = make_engine(f"sqlite:///{tmp_path / 'unit.db'}")
    Model.metadata.create_all(engine)
    yield engine
    engine.dispose()
