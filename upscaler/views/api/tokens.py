"""The tokens of a program that signed in: a short-lived one for each request, and one to get the next two."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import Flask, current_app
from flask_jwt_extended import create_access_token, create_refresh_token, decode_token
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt import ExpiredSignatureError, PyJWTError

from config import derived_keys, keys
from upscaler.errors import InvalidCredentials, TokenExpired
from upscaler.extensions import db
from upscaler.models import Account, TokenSession
from upscaler.services.accounts import token_sessions

ACCESS_LIFE = timedelta(minutes=15)

# Claims of ours: the session, the account's stamp, and which of the session's refresh tokens this is.
_SESSION, _STAMP, _REFRESH = "sid", "stamp", "rid"


def init_app(app: Flask) -> None:
    """Have tokens verified with the key that signed them, where ``SECRET_KEY`` holds several."""
    known = {_key_id(key): key for key in derived_keys(app.extensions["config"], keys.TOKENS)}
    newest = app.config["JWT_SECRET_KEY"]

    def key_of(header: Mapping[str, Any], _claims: Mapping[str, Any]) -> str:
        return known.get(str(header.get("kid")), newest)

    app.extensions["flask-jwt-extended"].decode_key_loader(key_of)


def _key_id(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def issue(account: Account, session: TokenSession) -> dict[str, Any]:
    """Return the tokens of a session as the API answers them."""
    claims = {_SESSION: session.id, _STAMP: account.sign_in_stamp}
    identity = str(account.id)
    signed_by = {"kid": _key_id(current_app.config["JWT_SECRET_KEY"])}
    return {
        "access_token": create_access_token(
            identity, additional_claims=claims, additional_headers=signed_by, expires_delta=ACCESS_LIFE
        ),
        "refresh_token": create_refresh_token(
            identity,
            additional_claims={**claims, _REFRESH: session.refresh_id},
            additional_headers=signed_by,
            expires_delta=token_sessions.REFRESH_LIFE,
        ),
        "token_type": "Bearer",
        "expires_in": int(ACCESS_LIFE.total_seconds()),
        "refresh_expires_in": int(token_sessions.REFRESH_LIFE.total_seconds()),
    }


def account_of(access_token: str) -> tuple[Account, str]:
    """Return the account that a token speaks for, and the token's session.

    Raises:
        TokenExpired: the token is genuine, but its time is over.
        InvalidCredentials: it is anything but an access token of a session that goes on.
    """
    claims = _read(access_token, "access")
    account = _account(claims)
    return account, token_sessions.find(db.session(), claims[_SESSION]).id


def refresh(refresh_token: str) -> dict[str, Any]:
    """Return the next tokens of a session; raise ``InvalidCredentials`` or ``TokenExpired``."""
    claims = _read(refresh_token, "refresh")
    account = _account(claims)
    session = token_sessions.rotate(db.session(), claims[_SESSION], str(claims.get(_REFRESH)))
    return issue(account, session)


def _read(token: str, kind: str) -> dict[str, Any]:
    try:
        claims: dict[str, Any] = decode_token(token)
    except ExpiredSignatureError:
        raise TokenExpired from None
    except (PyJWTError, JWTExtendedException, ValueError):
        raise InvalidCredentials from None
    if claims.get("type") != kind:
        raise InvalidCredentials
    return claims


def _account(claims: dict[str, Any]) -> Account:
    account = db.session.get(Account, int(claims["sub"]))
    if account is None or not account.is_active or account.sign_in_stamp != claims[_STAMP]:
        raise InvalidCredentials
    return account
