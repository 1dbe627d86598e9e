from __future__ import annotations

from pathlib import Path

import pytest
from flask_appbuilder import Model
from sqlalchemy import select
from sqlalchemy.orm import Session

from scripts import seed_admin
from upscaler.models import Account
from upscaler.models.database import make_engine


@pytest.fixture
def uri(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a database without tables, which the script finds in its environment."""
    address = f"sqlite:///{tmp_path / 'app.db'}"
    monkeypatch.setenv("DATABASE_URL", address)
    monkeypatch.setenv("ADMIN_SEED_USER", "abdullah")
    monkeypatch.setenv("ADMIN_SEED_PASS", "231980077")
    return address


@pytest.fixture
def tables(uri: str) -> str:
    engine = make_engine(uri)
    Model.metadata.create_all(engine)
    engine.dispose()
    return uri


def accounts(uri: str) -> list[tuple[str, bool]]:
    engine = make_engine(uri)
    with Session(engine) as session:
        found = [(account.username, account.is_admin) for account in session.scalars(select(Account))]
    engine.dispose()
    return found


def test_it_creates_the_admin_once_and_says_so_in_one_line(
    tables: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert seed_admin.main() == 0
    assert capsys.readouterr().out == "seed_admin: created the admin abdullah\n"

    assert seed_admin.main() == 0
    assert capsys.readouterr().out == "seed_admin: kept the admin abdullah\n"
    assert accounts(tables) == [("abdullah", True)]


@pytest.mark.parametrize("missing", ["ADMIN_SEED_USER", "ADMIN_SEED_PASS"])
def test_it_refuses_to_seed_half_an_admin(
    tables: str, missing: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(missing, "")

    assert seed_admin.main() == 1
    assert capsys.readouterr().err == "seed_admin: ADMIN_SEED_USER and ADMIN_SEED_PASS must both be set\n"
    assert accounts(tables) == []


def test_a_database_without_tables_is_reported_in_one_line(
    uri: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert seed_admin.main() == 1

    reported = capsys.readouterr().err
    assert reported.startswith("seed_admin: the database cannot be used: ")
    assert "no such table" in reported
    assert reported.count("\n") == 1
    assert "231980077" not in reported
