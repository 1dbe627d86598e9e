"""Accounts that can sign in with ``PASSWORD``."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session
from werkzeug.security import generate_password_hash

from tests.factories.base import stored
from upscaler.models import USER_ROLE, Account
from upscaler.services.accounts.roles import ensure_roles

PASSWORD = "correct horse battery"
# One round: signing in takes no time. Accounts that the service makes get its own hash.
PASSWORD_HASH = generate_password_hash(PASSWORD, "pbkdf2:sha256:1")


def new_account(session: Session, username: str = "layla", role: str = USER_ROLE, **values: Any) -> Account:
    """Store an active account with a role."""
    usual = {
        "email": f"{username}@example.org",
        "first_name": "",
        "last_name": "",
        "password": PASSWORD_HASH,
        "active": True,
    }
    account = Account(username=username, **{**usual, **values})
    account.roles = [ensure_roles(session)[role]]
    return stored(session, account)
