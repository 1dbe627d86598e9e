from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.strict_schemas import misfits
from tests.unit.views.api.conftest import Program, faults, refresh
from upscaler.views.api.schemas.tokens import TokenSchema


def test_the_tokens_of_a_session_fit_at_login_and_when_refreshed(
    client: FlaskClient, tokens: dict[str, Any]
) -> None:
    assert misfits(TokenSchema(), tokens) == []
    assert misfits(TokenSchema(), refresh(client, tokens["refresh_token"]).get_json()) == []


@pytest.mark.parametrize(
    ("path", "body", "found"),
    [
        ("login", {}, [("password", "missing_parameter"), ("username", "missing_parameter")]),
        (
            "login",
            {"username": "", "password": "x" * 1001, "remember": True},
            [
                ("remember", "unknown_parameter"),
                ("password", "invalid_parameter"),
                ("username", "invalid_parameter"),
            ],
        ),
        (
            "login",
            {"username": None, "password": 12345},
            [("password", "invalid_parameter"), ("username", "invalid_parameter")],
        ),
        ("login", {"username": "x" * 321, "password": "a\0b"}, [("username", "invalid_parameter")]),
        ("login", {"username": "layla", "password": "a\0b"}, [("password", "invalid_parameter")]),
        ("refresh", {}, [("refresh_token", "missing_parameter")]),
        ("refresh", {"refresh_token": ""}, [("refresh_token", "invalid_parameter")]),
        ("refresh", {"refresh_token": "x" * 4001}, [("refresh_token", "invalid_parameter")]),
        (
            "refresh",
            {"token": "x", "refresh_token": ["x"]},
            [("token", "unknown_parameter"), ("refresh_token", "invalid_parameter")],
        ),
    ],
)
def test_each_wrong_member_is_listed(
    visitor: Program, path: str, body: dict[str, Any], found: list[tuple[str, str]]
) -> None:
    answer = visitor.post(f"/auth/{path}", json=body)

    assert faults(answer) == found
    # A value may be a secret.
    assert "12345" not in answer.text


def test_the_longest_name_and_password_are_taken_for_wrong_ones(visitor: Program) -> None:
    answer = visitor.post("/auth/login", json={"username": "x" * 320, "password": "x" * 1000})

    assert answer.get_json()["code"] == "invalid_credentials"
