from __future__ import annotations

from sqlalchemy.orm import Session

from tests import factories

DATABASES = ("sqlite", "postgresql")


def test_a_row_outlives_the_account_and_still_names_it(db_session: Session) -> None:
    account = factories.new_account(db_session, "layla")
    row = factories.new_audit_log(db_session, user_id=account.id, username="layla")

    db_session.delete(account)
    db_session.commit()
    db_session.refresh(row)

    assert (row.user_id, row.user, row.username) == (None, None, "layla")


def test_an_action_of_nobody_on_nothing_needs_no_more_than_its_name(db_session: Session) -> None:
    row = factories.new_audit_log(db_session, "retention.purge", username="")

    db_session.refresh(row)

    assert (row.entity_type, row.entity_id, row.details, row.ip_address) == ("", "", {}, "")
    assert row.created_at.tzinfo is not None
