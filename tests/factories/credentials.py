"""API keys and token sessions. Tests that sign in get theirs from the services, which return the secret as well."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from tests.factories.accounts import new_account
from tests.factories.base import stored
from upscaler.models import Account, AccountKey, TokenSession, utcnow


def new_account_key(session: Session, user: Account | None = None, **values: Any) -> AccountKey:
    """Store an API key that nobody holds the secret of."""
    usual = {
        "name": "for tests",
        "prefix": "upk_abcdefgh",
        "key_hash": secrets.token_hex(32),
        "scopes": ["read", "write"],
    }
    return stored(session, AccountKey(user=user or new_account(session), **{**usual, **values}))


def new_token_session(session: Session, user: Account | None = None, **values: Any) -> TokenSession:
    """Store a login that is valid for a day."""
    owner = user or new_account(session)
    usual = {"refresh_id": secrets.token_hex(16), "expires_at": utcnow() + timedelta(days=1)}
    return stored(session, TokenSession(user_id=owner.id, **{**usual, **values}))
