from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import factories
from upscaler.models import AuditLog
from upscaler.services.audit import SYSTEM, Actor, record


@pytest.mark.parametrize(
    ("actor", "recorded"),
    [
        (Actor(1, "layla", "192.0.2.7"), True),
        (Actor(None, "", "192.0.2.7"), False),
        (SYSTEM, False),
        # A person whose name is the system's.
        (Actor(2, "system", "192.0.2.7"), True),
    ],
)
def test_actions_of_visitors_and_of_maintenance_leave_no_row(actor: Actor, recorded: bool) -> None:
    assert actor.is_recorded is recorded


def test_a_row_names_the_actor_and_what_was_changed(db_session: Session) -> None:
    account = factories.new_account(db_session)

    record(
        db_session,
        Actor(account.id, "layla", "192.0.2.7"),
        "job.cancel",
        entity=("job", "job_1"),
        details={"status": "queued"},
    )
    db_session.commit()

    row = db_session.scalars(select(AuditLog)).one()
    assert (row.user_id, row.username, row.ip_address) == (account.id, "layla", "192.0.2.7")
    assert (row.action, row.entity_type, row.entity_id) == ("job.cancel", "job", "job_1")
    assert row.details == {"status": "queued"}


def test_a_row_is_part_of_the_callers_transaction(db_session: Session) -> None:
    record(db_session, SYSTEM, "job.cancel")
    db_session.rollback()

    assert list(db_session.scalars(select(AuditLog))) == []


def test_values_that_a_client_chose_are_cut_to_their_columns(db_session: Session) -> None:
    record(db_session, Actor(None, "n" * 100, "a" * 100), "login.failed", entity=("user", "i" * 100))
    db_session.commit()

    row = db_session.scalars(select(AuditLog)).one()
    assert (row.username, row.ip_address, row.entity_id) == ("n" * 64, "a" * 45, "i" * 64)
