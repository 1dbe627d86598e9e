"""The migrations lead from nothing to the tables of the code, on both databases, and back."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import flask_migrate
import pytest
from sqlalchemy import Engine, MetaData, Table, create_engine, func, inspect, select, text

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


def any_row(table: Table, **given: object) -> dict[str, object]:
    """Return values for a row: those that are given, and any for the other columns that need one."""
    # Any other column holds JSON.
    anything = {str: "x", int: 0, bool: False, datetime: datetime.now(timezone.utc)}
    needed = {
        column.name: anything.get(column.type.python_type, {})
        for column in table.columns
        if not column.nullable and column.server_default is None
    }
    return {**needed, **given}


def test_stored_options_get_their_new_values(settings: dict[str, str], database: Engine) -> None:
    app = create_app(configuration.load(settings, env_file=None))
    with app.app_context():
        flask_migrate.upgrade(revision="0010")
        tables = MetaData()
        tables.reflect(database)
        uploads, jobs, previews = (tables.tables[name] for name in ("uploads", "jobs", "previews"))
        stored = {"a": "no", "b": "yes", "c": "all"}
        with database.begin() as connection:
            connection.execute(uploads.insert().values(any_row(uploads, id="u")))
            for table in (jobs, previews):
                for key, value in stored.items():
                    own = {"upload_id": "u"} if table is jobs else {"crop_path": key}
                    params = {"factor": "2x", "keep_metadata": value}
                    connection.execute(table.insert().values(any_row(table, id=key, params=params, **own)))
            connection.execute(jobs.insert().values(any_row(jobs, id="d", upload_id="u", params={})))

        def values(table: Table) -> dict[str, object]:
            with database.connect() as connection:
                rows = connection.execute(select(table.c.id, table.c.params)).all()
            return {row.id: row.params.get("keep_metadata") for row in rows}

        flask_migrate.upgrade(revision="0011")
        new = {"a": "none", "b": "without_location", "c": "all"}
        assert values(jobs) == {**new, "d": None}
        assert values(previews) == new
        flask_migrate.downgrade(revision="0010")
        assert values(jobs) == {**stored, "d": None}
        app.extensions["migrate"].db.engine.dispose()


def test_tables_keep_their_rows_under_new_names(settings: dict[str, str], database: Engine) -> None:
    app = create_app(configuration.load(settings, env_file=None))
    old = ("deliveries", "kept_answers", "loose_files")
    with app.app_context():
        flask_migrate.upgrade(revision="0011")
        tables = MetaData()
        tables.reflect(database)
        with database.begin() as connection:
            for name, given in (
                ("uploads", {"id": "u"}),
                ("jobs", {"id": "j", "upload_id": "u", "status": "failed"}),
                ("deliveries", {"job_id": "j", "kind": "webhook"}),
                ("kept_answers", {"token": "t", "status": 202}),
                ("loose_files", {"key": "a/b.png"}),
            ):
                table = tables.tables[name]
                connection.execute(table.insert().values(any_row(table, **given)))
        flask_migrate.upgrade(revision="0012")
        with database.connect() as connection:
            assert connection.scalars(text("SELECT event FROM deliveries")).all() == ["job.failed"]
            stored = "SELECT claim_token, status, lease_expires_at FROM idempotency_records"
            assert connection.execute(text(stored)).all() == [("t", 202, None)]
            assert connection.scalars(text("SELECT key FROM pending_files")).all() == ["a/b.png"]
        flask_migrate.downgrade(revision="0011")
        with database.connect() as connection:
            for name in old:
                assert connection.scalar(select(func.count()).select_from(tables.tables[name])) == 1
        app.extensions["migrate"].db.engine.dispose()


def test_jobs_keep_what_was_chosen_beside_what_ran(settings: dict[str, str], database: Engine) -> None:
    app = create_app(configuration.load(settings, env_file=None))
    with app.app_context():
        flask_migrate.upgrade(revision="0012")
        tables = MetaData()
        tables.reflect(database)
        with database.begin() as connection:
            for name, given in (
                ("uploads", {"id": "u"}),
                ("jobs", {"id": "j", "upload_id": "u", "model": "photo-4x"}),
            ):
                table = tables.tables[name]
                connection.execute(table.insert().values(any_row(table, **given)))

        flask_migrate.upgrade(revision="0013")
        with database.begin() as connection:
            assert connection.execute(text("SELECT recipe FROM jobs")).scalar_one() == "photo-4x"
            connection.execute(text("UPDATE jobs SET model = 'lanczos'"))
        flask_migrate.downgrade(revision="0012")
        with database.connect() as connection:
            assert connection.execute(text("SELECT model FROM jobs")).scalar_one() == "photo-4x"
        app.extensions["migrate"].db.engine.dispose()


def add_users(database: Engine, *users: tuple[str, str]) -> None:
    table = Table("ab_user", MetaData(), autoload_with=database)
    with database.begin() as connection:
        for number, (username, email) in enumerate(users, 101):
            named = {"id": number, "username": username, "email": email, "first_name": "", "last_name": ""}
            connection.execute(table.insert().values(any_row(table, **named)))


def test_names_of_accounts_are_folded(settings: dict[str, str], database: Engine) -> None:
    app = create_app(configuration.load(settings, env_file=None))
    with app.app_context():
        flask_migrate.upgrade(revision="0013")
        add_users(database, ("Zoë", "ZOË@example.org"), ("anna", "anna@example.org"))
        with database.begin() as connection:
            jobs = Table("jobs", MetaData(), autoload_with=connection)
            uploads = Table("uploads", MetaData(), autoload_with=connection)
            connection.execute(uploads.insert().values(any_row(uploads, id="u", owner_id=101)))
            connection.execute(jobs.insert().values(any_row(jobs, id="j", upload_id="u", owner_id=101)))

        flask_migrate.upgrade(revision="0014")

        keys = text("SELECT username_key, email_key FROM ab_user ORDER BY id")
        with database.connect() as connection:
            assert connection.execute(keys).all() == [
                ("zoë", "zoë@example.org"),
                ("anna", "anna@example.org"),
            ]
            assert connection.execute(text("SELECT owner_id FROM jobs")).scalar_one() == 101
        flask_migrate.downgrade(revision="0013")
        with database.connect() as connection:
            assert connection.execute(text("SELECT owner_id FROM jobs")).scalar_one() == 101
        app.extensions["migrate"].db.engine.dispose()


def test_accounts_that_would_be_the_same_are_reported_and_nothing_is_changed(
    settings: dict[str, str], database: Engine
) -> None:
    app = create_app(configuration.load(settings, env_file=None))
    with app.app_context():
        flask_migrate.upgrade(revision="0013")
        app.extensions["migrate"].db.engine.dispose()
    add_users(database, ("ZOË", "a@example.org"), ("zoë", "b@example.org"), ("c", "B@example.org"))

    command = [sys.executable, "-m", "scripts.prepare"]
    done = subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert 'the accounts 101 and 102 have the same username, "ZOË" and "zoë"' in done.stderr
    assert 'the accounts 102 and 103 have the same email, "b@example.org" and "B@example.org"' in done.stderr
    assert "username_key" not in {column["name"] for column in inspect(database).get_columns("ab_user")}
    with database.begin() as connection:
        connection.execute(
            text("UPDATE ab_user SET username = 'zoë2', email = 'b2@example.org' WHERE id = 102")
        )
    prepare(settings)
