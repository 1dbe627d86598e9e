"""Sessions of tokens: signing in with a user name and a password, refreshing, signing out."""

from __future__ import annotations

from typing import Any

from flask import current_app, jsonify
from flask.typing import ResponseReturnValue

from upscaler.errors import InvalidCredentials, RateLimited, TokenExpired
from upscaler.extensions import db
from upscaler.services.accounts import sign_in, token_sessions
from upscaler.views import login_limits
from upscaler.views.api import tokens
from upscaler.views.api.authentication import current_caller
from upscaler.views.api.operations import Access, Operation
from upscaler.views.api.schemas.tokens import LoginBody, RefreshBody, TokenSchema
from upscaler.views.context import current_actor


@login_limits.per_address
@login_limits.per_account
def login(body: dict[str, Any]) -> ResponseReturnValue:
    """Sign in with a user name and a password."""
    # Flask-AppBuilder's check takes as long for an unknown name as for a known one, and writes to the audit log.
    check = current_app.extensions["appbuilder"].sm.auth_user_db
    account = check(body["username"], body["password"])
    if account is None:
        raise InvalidCredentials
    return _tokens(tokens.issue(account, token_sessions.open_session(db.session(), account)))


@login_limits.per_address
def refresh_token(body: dict[str, Any]) -> ResponseReturnValue:
    """Get the next tokens; the refresh token that was sent is used up."""
    return _tokens(tokens.refresh(body["refresh_token"]))


def logout() -> ResponseReturnValue:
    """End the session of the token, with all its tokens."""
    session_id = current_caller().session_id
    if session_id is None:
        # Signed in by a cookie, whose session ends on the console's sign-out page.
        raise InvalidCredentials
    sign_in.record_sign_out(db.session(), current_actor())
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
        answer=TokenSchema(),
        errors=(InvalidCredentials, RateLimited),
    ),
    Operation(
        "refresh_token",
        "POST",
        "/auth/refresh",
        refresh_token,
        "Sign-in",
        Access.OPEN,
        body=RefreshBody(),
        answer=TokenSchema(),
        errors=(InvalidCredentials, TokenExpired, RateLimited),
    ),
    Operation("logout", "POST", "/auth/logout", logout, "Sign-in", Access.ACCOUNT, status=204),
)
