from __future__ import annotations

import pytest
from sqlalchemy import Engine, delete, func, select, text
from sqlalchemy import insert as insert_into
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests import factories
from upscaler.models import Setting, utcnow
from upscaler.models.database import changed_rows, engine_options, insert_new


def test_sqlite_enforces_foreign_keys_and_keeps_a_write_ahead_log(database: Engine) -> None:
    with database.connect() as connection:
        pragmas = [
            connection.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("foreign_keys", "journal_mode", "busy_timeout")
        ]
    assert pragmas == [1, "wal", 20_000]


@pytest.mark.parametrize("reads_before", [False, True])
def test_a_rollback_undoes_what_a_savepoint_has_released(database: Engine, reads_before: bool) -> None:
    with Session(database) as session:
        if reads_before:
            assert session.scalar(select(func.count()).select_from(Setting)) == 0
        with session.begin_nested():
            session.add(Setting(key="queue_limit", value=7))
        session.rollback()

        assert session.scalar(select(func.count()).select_from(Setting)) == 0


def test_a_rollback_to_a_savepoint_keeps_what_came_before(db_session: Session) -> None:
    with db_session.begin_nested():
        db_session.add(Setting(key="queue_limit", value=7))
    again = insert_into(Setting).values(key="queue_limit", value=8, updated_at=utcnow())
    with pytest.raises(IntegrityError), db_session.begin_nested():
        db_session.execute(again)
    db_session.commit()

    assert db_session.scalars(select(Setting.value)).all() == [7]


def test_a_job_of_no_upload_is_refused(db_session: Session) -> None:
    with pytest.raises(IntegrityError):
        factories.new_job(db_session, upload_id="upl_unknown")
    db_session.rollback()


def test_only_postgresql_is_given_timeouts() -> None:
    assert "connect_args" not in engine_options("sqlite:///app.db")
    assert engine_options("postgresql+psycopg://h/d")["connect_args"]["connect_timeout"] == 5


def test_a_row_that_is_there_already_is_left_as_it_is(db_session: Session) -> None:
    rows = [{"key": "queue_limit", "value": value, "updated_at": utcnow()} for value in (1, 2)]

    insert_new(db_session, Setting, rows[:1])
    insert_new(db_session, Setting, rows[1:])
    insert_new(db_session, Setting, [])

    assert db_session.get_one(Setting, "queue_limit").value == 1
    assert changed_rows(db_session.execute(delete(Setting))) == 1
    assert changed_rows(db_session.execute(delete(Setting))) == 0
