from __future__ import annotations

from pathlib import Path

import jwt
from sqlalchemy import text

from config import secret_keys
from tests import factories
from tests.support.application import application
from upscaler.extensions import db
from upscaler.views.api import tokens


def test_a_token_is_signed_with_a_key_that_signs_nothing_else(tmp_path: Path) -> None:
    with application(DATA_DIR=str(tmp_path)) as app:
        account = factories.new_account(db.session())
        session = factories.new_token_session(db.session(), account)
        token = tokens.issue(account, session)["access_token"]
        claims = jwt.decode(token, options={"verify_signature": False})
        (raw,) = secret_keys(app.extensions["config"])
        forged = jwt.encode(claims, raw, "HS256")

        def status(credentials: str) -> int:
            headers = {"Authorization": f"Bearer {credentials}"}
            return app.test_client().get("/api/v1/me", headers=headers).status_code

        assert [status(token), status(forged)] == [200, 401]


def test_its_connections_to_sqlite_enforce_foreign_keys(tmp_path: Path) -> None:
    with application(DATA_DIR=str(tmp_path)):
        assert db.session.execute(text("PRAGMA foreign_keys")).scalar_one() == 1


def test_each_application_has_a_database_of_its_own(tmp_path: Path) -> None:
    with application(DATA_DIR=str(tmp_path / "first")):
        factories.new_setting(db.session(), "queue_limit", 7)

    with application(DATA_DIR=str(tmp_path / "second")) as app:
        assert app.extensions["upscaler"].settings.values(db.session()).queue_limit == 1000
