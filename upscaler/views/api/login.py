"""Signing in with a name and a password, for programs that act for a person."""

from __future__ import annotations

from typing import Any

from flask import current_app, jsonify
from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields, validate

from upscaler.errors import InvalidCredentials, RateLimited, TokenExpired
from upscaler.extensions import db
from upscaler.services.accounts import token_sessions
from upscaler.services.accounts.accounts import MAX_EMAIL
from upscaler.views import login_limits
from upscaler.views.api import tokens
from upscaler.views.api.authentication import current_caller
from upscaler.views.api.operations import Access, Operation


class LoginBody(Schema):
    """A name and a password."""

    username = fields.String(
        required=True,
        validate=validate.Length(1, MAX_EMAIL),
        metadata={"description": "user name or e-mail address", "example": "layla"},
    )
    password = fields.String(
        required=True,
        validate=validate.Length(1, 1000),
        metadata={"format": "password", "example": "a long pass phrase"},
    )


class RefreshBody(Schema):
    """A refresh token."""

    refresh_token = fields.String(required=True, validate=validate.Length(1, 4000))


class TokenAnswer(Schema):
    """Tokens of a session."""

    access_token = fields.String(
        required=True, metadata={"description": "goes into the header `Authorization: Bearer …`"}
    )
    refresh_token = fields.String(required=True, metadata={"description": "gets the next tokens, once"})
    token_type = fields.String(required=True, validate=validate.Equal("Bearer"))
    expires_in = fields.Integer(required=True, metadata={"description": "seconds"})
    refresh_expires_in = fields.Integer(required=True, metadata={"description": "seconds"})


@login_limits.per_address
@login_limits.per_account
def login(body: dict[str, Any]) -> ResponseReturnValue:
    """Sign in with a name and a password."""
    # Flask-AppBuilder's check takes as long for an unknown name as for a known one, and writes into the trail.
    check = current_app.extensions["appbuilder"].sm.auth_user_db
    account = check(body["username"], body["password"])
    if account is None:
        raise InvalidCredentials
    return _tokens(tokens.issue(account, token_sessions.open_session(db.session(), account)))


@login_limits.per_address
def refresh(body: dict[str, Any]) -> ResponseReturnValue:
    """Get the next tokens; the refresh token that was sent is used up."""
    return _tokens(tokens.refresh(body["refresh_token"]))


def logout() -> ResponseReturnValue:
    """End the session of the token, with all its tokens."""
    session_id = current_caller().session_id
    if session_id is None:
        # Signed in by a cookie, whose session ends at the console's own way out.
        raise InvalidCredentials
    token_sessions.end(db.session(), session_id)
    return "", 204


def _tokens(answer: dict[str, Any]) -> ResponseReturnValue:
    return jsonify(answer), {"Cache-Control": "no-store"}


OPERATIONS = (
    Operation(
        "login",
        "POST",
        "/auth/login",
        login,
        "Sign-in",
        Access.OPEN,
        body=LoginBody(),
        answer=TokenAnswer(),
        errors=(InvalidCredentials, RateLimited),
    ),
    Operation(
        "refresh",
        "POST",
        "/auth/refresh",
        refresh,
        "Sign-in",
        Access.OPEN,
        body=RefreshBody(),
        answer=TokenAnswer(),
        errors=(InvalidCredentials, TokenExpired, RateLimited),
    ),
    Operation("logout", "POST", "/auth/logout", logout, "Sign-in", Access.ACCOUNT, status=204),
)
