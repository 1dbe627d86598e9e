"""The migrations lead from nothing to the tables of the code, on both databases, and back."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import flask_migrate
import pytest
from sqlalchemy import Engine, create_engine, inspect, text

import config as configuration
from tests.support.service import ROOT, environment
from upscaler import create_app


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """The environment of a service whose database is empty."""
    values = environment(tmp_path, 1)
    if request.param == "postgresql":
        values["DATABASE_URL"] = request.getfixturevalue("new_database")
    return values


@pytest.fixture
def database(settings: dict[str, str]) -> Iterator[Engine]:
    """That database, reached without the service."""
    address = settings.get("DATABASE_URL", f"sqlite:///{settings['DATA_DIR']}/app.db")
    engine = create_engine(address.replace("postgresql://", "postgresql+psycopg://"))
    yield engine
    engine.dispose()


def prepare(settings: dict[str, str]) -> None:
    subprocess.run([sys.executable, "-m", "scripts.prepare"], cwd=ROOT, env=settings, timeout=300, check=True)


def seeded(database: Engine) -> list[tuple[object, ...]]:
    with database.connect() as connection:
        users = connection.execute(text("SELECT id, username, password FROM ab_user")).all()
        models = connection.execute(text("SELECT id, name, sha256 FROM models ORDER BY id")).all()
    return [tuple(row) for row in (*users, *models)]


def test_they_lead_to_the_tables_of_the_code_and_back_and_preparing_again_changes_nothing(
    settings: dict[str, str], database: Engine
) -> None:
    prepare(settings)

    first = seeded(database)
    assert first[0][1] == "abdullah"
    assert "231980077" not in str(first)
    assert len(first) > 10
    prepare(settings)
    assert seeded(database) == first
    tables = set(inspect(database).get_table_names())
    assert tables >= {
        "uploads",
        "jobs",
        "job_logs",
        "batches",
        "batch_items",
        "models",
        "audit_logs",
        "settings",
        "workers",
        "deliveries",
        "ab_user",
        "ab_role",
    }
    app = create_app(configuration.load(settings, env_file=None))
    with app.app_context():
        # Ends the process with an error where the tables differ from those of the code.
        flask_migrate.check()
        flask_migrate.downgrade(revision="base")
        app.extensions["migrate"].db.engine.dispose()
    assert set(inspect(database).get_table_names()) <= {"alembic_version"}
