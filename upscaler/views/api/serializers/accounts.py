"""Accounts and API keys as responses show them."""

from __future__ import annotations

from typing import Any

from upscaler.models import Account, AccountKey, iso8601


def account_fields(user: Account) -> dict[str, Any]:
    """Return all but the secrets of an account."""
    return {
        "id": user.id,
        "username": user.username,
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "role": user.role,
        "is_active": bool(user.active),
        # Flask-AppBuilder writes the host's local time without a zone, which is what ``iso8601`` takes it for.
        "created_at": iso8601(user.created_on),
        "last_login_at": iso8601(user.last_login),
    }


def key_fields(key: AccountKey) -> dict[str, Any]:
    """Return all but the secret of a key."""
    return {
        "id": key.id,
        "name": key.name,
        "prefix": key.prefix,
        "scopes": key.scopes,
        "created_at": iso8601(key.created_at),
        "expires_at": iso8601(key.expires_at),
        "last_used_at": iso8601(key.last_used_at),
    }
