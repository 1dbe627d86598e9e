"""Signing in with a user name and a password, in requests and responses."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from upscaler.services.accounts.account_data import MAX_EMAIL
from upscaler.views.api.schemas.described import integer, text


class LoginBody(Schema):
    """A user name and a password."""

    username = fields.String(
        required=True,
        validate=validate.Length(1, MAX_EMAIL),
        metadata={"description": "user name or e-mail address", "example": "layla"},
    )
    password = fields.String(
        required=True,
        validate=validate.Length(1, 1000),
        metadata={"format": "password", "example": "a long pass phrase", "description": "password"},
    )


class RefreshBody(Schema):
    """A refresh token."""

    refresh_token = fields.String(
        required=True,
        validate=validate.Length(1, 4000),
        metadata={"description": "of the latest tokens"},
    )


class TokenSchema(Schema):
    """The tokens of a session."""

    access_token = text("for the header `Authorization: Bearer …`")
    refresh_token = text("gets the next tokens, once")
    token_type = text("how the access token is sent", choices=("Bearer",))
    expires_in = integer("seconds until the access token expires")
    refresh_expires_in = integer("seconds until the refresh token expires")
