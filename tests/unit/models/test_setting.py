from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests import factories
from upscaler.models import Setting, utcnow

DATABASES = ("sqlite", "postgresql")


@pytest.mark.parametrize("value", [7, 0, False, "off", ["image/png", "image/jpeg"]])
def test_a_value_keeps_its_type(db_session: Session, value: Any) -> None:
    factories.new_setting(db_session, "a", value)
    db_session.expunge_all()

    found = db_session.get_one(Setting, "a").value
    assert (found, type(found)) == (value, type(value))


def test_a_change_sets_the_time_anew(db_session: Session) -> None:
    long_ago = utcnow() - timedelta(days=9)
    setting = factories.new_setting(db_session)
    setting.updated_at = long_ago
    db_session.commit()

    setting.value = 8
    db_session.commit()

    assert setting.updated_at > long_ago + timedelta(days=8)
