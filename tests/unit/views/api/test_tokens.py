from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.unit.views.api.conftest import assert_refused, keys_with, refresh
from upscaler.models import TokenSession, utcnow


def test_an_expired_token_has_an_error_of_its_own(
    client: FlaskClient, tokens: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("upscaler.views.api.tokens.ACCESS_LIFE", timedelta(seconds=-1))
    old = refresh(client, tokens["refresh_token"]).get_json()

    answer = keys_with(client, old["access_token"])

    assert_refused(answer, "token_expired")
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_a_session_that_nobody_refreshed_is_over(
    client: FlaskClient, tokens: dict[str, Any], session: Session
) -> None:
    session.query(TokenSession).update({"expires_at": utcnow() - timedelta(seconds=1)})
    session.commit()

    assert_refused(keys_with(client, tokens["access_token"]))


def test_a_token_of_one_kind_is_not_taken_for_the_other(client: FlaskClient, tokens: dict[str, Any]) -> None:
    assert_refused(keys_with(client, tokens["refresh_token"]))
    assert_refused(refresh(client, tokens["access_token"]))


@pytest.mark.parametrize("token", ["", "x.y.z", "no token"])
def test_a_text_that_is_no_token_is_refused(client: FlaskClient, tokens: dict[str, Any], token: str) -> None:
    assert_refused(refresh(client, token or tokens["refresh_token"][:-4]))
