from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests import factories

DATABASES = ("sqlite", "postgresql")


def test_a_name_belongs_to_one_model(db_session: Session) -> None:
    factories.new_model(db_session, "mine")

    with pytest.raises(IntegrityError):
        factories.new_model(db_session, "mine")


def test_models_do_not_share_their_parameters(db_session: Session) -> None:
    first, second = factories.new_model(db_session), factories.new_model(db_session)

    first.default_params["version"] = 1

    assert second.default_params == {}
    assert repr(first) == first.name
