from __future__ import annotations

from pathlib import Path

import jwt
import pytest
from sqlalchemy import text

from config import secret_key
from tests import factories
from tests.support.application import application
from upscaler.extensions import db
from upscaler.views.api import tokens

PRODUCTION = {
    "FLASK_ENV": "production",
    "SECRET_KEY": "a key of the tests, long enough for production",
    "ADMIN_SEED_PASS": "correct horse battery",
}


def test_a_token_is_signed_with_a_key_that_signs_nothing_else(tmp_path: Path) -> None:
    with application(DATA_DIR=str(tmp_path)) as app:
        account = factories.new_account(db.session())
        session = factories.new_token_session(db.session(), account)
        token = tokens.issue(account, session)["access_token"]
        claims = jwt.decode(token, options={"verify_signature": False})
        forged = jwt.encode(claims, secret_key(app.extensions["config"]), "HS256")

        def status(credentials: str) -> int:
            headers = {"Authorization": f"Bearer {credentials}"}
            return app.test_client().get("/api/v1/me", headers=headers).status_code

        assert [status(token), status(forged)] == [200, 401]


@pytest.mark.parametrize(("settings", "secure"), [({}, False), (PRODUCTION, True)])
def test_the_cookie_of_a_session_is_for_this_site_alone_and_in_production_encrypted(
    tmp_path: Path, settings: dict[str, str], secure: bool
) -> None:
    with application(DATA_DIR=str(tmp_path), **settings) as app:
        page = app.test_client().get("/admin/login", base_url="https://localhost")

    [cookie] = [value for value in page.headers.getlist("Set-Cookie") if value.startswith("session=")]
    flags = {part.strip() for part in cookie.split(";")}
    assert {"HttpOnly", "SameSite=Strict"} <= flags
    assert ("Secure" in flags) is secure


@pytest.mark.parametrize(("proxies", "believed"), [("0", False), ("1", True)])
def test_only_a_trusted_proxy_says_that_the_connection_is_encrypted(
    tmp_path: Path, proxies: str, believed: bool
) -> None:
    with application(DATA_DIR=str(tmp_path), TRUSTED_PROXIES=proxies) as app:
        answer = app.test_client().get("/api/v1/presets", headers={"X-Forwarded-Proto": "https"})

    assert ("Strict-Transport-Security" in answer.headers) is believed


def test_its_connections_to_sqlite_enforce_foreign_keys(tmp_path: Path) -> None:
    with application(DATA_DIR=str(tmp_path)):
        assert db.session.execute(text("PRAGMA foreign_keys")).scalar_one() == 1


def test_each_application_has_a_database_of_its_own(tmp_path: Path) -> None:
    with application(DATA_DIR=str(tmp_path / "first")):
        factories.new_setting(db.session(), "queue_limit", 7)

    with application(DATA_DIR=str(tmp_path / "second")) as app:
        assert app.extensions["upscaler"].settings.values(db.session()).queue_limit == 1000
