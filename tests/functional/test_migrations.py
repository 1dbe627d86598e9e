"""The migrations lead from nothing to the tables of the code, on both databases, and back."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text

from tests.support.servers import postgresql
from tests.support.service import ROOT, environment


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, str]]:
    if request.param == "sqlite":
        yield environment(tmp_path, 0)
        return
    with postgresql() as url:
        yield environment(tmp_path, 0, DATABASE_URL=url)


def flask_db(settings: dict[str, str], *command: str) -> str:
    values = {name: value for name, value in settings.items() if name != "PORT"}
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "run:app", "db", *command],
        cwd=ROOT,
        env=values,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_they_lead_to_the_tables_of_the_code_and_back(settings: dict[str, str]) -> None:
    flask_db(settings, "upgrade")
    assert "No new upgrade operations detected" in flask_db(settings, "check")

    uri = settings.get("DATABASE_URL", f"sqlite:///{settings['DATA_DIR']}/app.db").replace(
        "postgresql://", "postgresql+psycopg://"
    )
    engine = create_engine(uri)
    tables = set(inspect(engine).get_table_names())
    assert tables >= {
        "uploads",
        "jobs",
        "job_logs",
        "models",
        "audit_logs",
        "settings",
        "workers",
        "deliveries",
        "ab_user",
        "ab_role",
    }

    flask_db(settings, "downgrade", "base")
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
    engine.dispose()


def test_preparing_twice_changes_nothing(settings: dict[str, str]) -> None:
    def prepare() -> list[tuple[object, ...]]:
        values = {name: value for name, value in settings.items() if name != "PORT"}
        subprocess.run(
            [sys.executable, "-m", "scripts.prepare"], cwd=ROOT, env=values, timeout=240, check=True
        )
        uri = settings.get("DATABASE_URL", f"sqlite:///{settings['DATA_DIR']}/app.db").replace(
            "postgresql://", "postgresql+psycopg://"
        )
        engine = create_engine(uri)
        with engine.connect() as connection:
            users = connection.execute(text("SELECT id, username, password FROM ab_user")).all()
            models = connection.execute(text("SELECT id, name, sha256 FROM models ORDER BY id")).all()
        engine.dispose()
        return [tuple(row) for row in (*users, *models)]

    first = prepare()

    assert first[0][1] == "abdullah"
    assert "231980077" not in str(first)
    assert len(first) > 10
    assert prepare() == first
