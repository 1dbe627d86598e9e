from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests import factories
from tests.support.strict_schemas import misfits
from upscaler.models import ADMIN_ROLE, USER_ROLE, utcnow
from upscaler.views.api.schemas.accounts import AccountSchema
from upscaler.views.api.schemas.keys import KeySchema
from upscaler.views.api.serializers.accounts import account_fields, key_fields


@pytest.mark.parametrize(
    ("role", "values", "expected"),
    [
        (USER_ROLE, {}, {"role": "user", "is_active": True, "last_login_at": None}),
        (ADMIN_ROLE, {"active": False}, {"role": "admin", "is_active": False}),
    ],
)
def test_an_account_fits_its_schema_without_its_password(
    session: Session, role: str, values: dict[str, Any], expected: dict[str, Any]
) -> None:
    account = factories.new_account(session, "layla", role, **values)

    shown = account_fields(account)

    assert misfits(AccountSchema(), shown) == []
    assert shown | expected == shown
    assert account.password not in str(shown)


def test_the_times_of_an_account_are_in_utc(session: Session) -> None:
    # Flask-AppBuilder writes the time of the host without a zone.
    account = factories.new_account(session, last_login=datetime.now())  # noqa: DTZ005

    moment = datetime.fromisoformat(account_fields(account)["last_login_at"].replace("Z", "+00:00"))

    assert abs(utcnow() - moment) < timedelta(minutes=1)


@pytest.mark.parametrize(
    "values", [{}, {"expires_at": utcnow(), "last_used_at": utcnow(), "scopes": ["read", "write", "admin"]}]
)
def test_a_key_fits_its_schema_without_its_hash(session: Session, values: dict[str, Any]) -> None:
    key = factories.new_account_key(session, **values)

    shown = key_fields(key)

    assert misfits(KeySchema(), shown) == []
    assert key.key_hash not in str(shown)
    assert {name for name in ("expires_at", "last_used_at") if shown[name]} == values.keys() - {"scopes"}
