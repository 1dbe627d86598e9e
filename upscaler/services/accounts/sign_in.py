"""Sign-in and sign-out: passwords, the counting of attempts, and their rows in the audit trail.

A password is kept as its salted scrypt hash, which Werkzeug makes and Flask-AppBuilder's login checks.
"""

from __future__ import annotations

import hashlib
import unicodedata

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session
from werkzeug.security import check_password_hash, generate_password_hash

from upscaler.models import Account
from upscaler.services import audit
from upscaler.services.accounts.account_data import MAX_EMAIL


def hash_password(password: str) -> str:
    """Return the salted scrypt hash of a password."""
    return generate_password_hash(password)


def signs_in_with(session: Session, username: str, password: str) -> bool:
    """Return whether there is an active account with that user name and password."""
    user = account_named(session, username)
    return user is not None and bool(user.active) and check_password_hash(user.password or "", password)


def account_named(session: Session, username: str) -> Account | None:
    """Return the account with that user name, in capitals or not."""
    query = select(Account).where(func.lower(Account.username) == func.lower(username))
    found: Account | None = session.scalar(query)
    return found


def login_key(session: Session, name: str) -> str:
    """Return the key that attempts to sign in are counted by: the same for both names of an account.

    ``name`` is as typed: a user name, an e-mail address, or anything else.
    """
    typed = unicodedata.normalize("NFKC", name.replace("\0", "")).strip().casefold()[:MAX_EMAIL]
    same = or_(func.lower(Account.username) == typed, func.lower(Account.email) == typed)
    found = session.scalar(select(Account.id).where(same).order_by(Account.id).limit(1))
    return f"account {found}" if found else f"name {hashlib.sha256(typed.encode()).hexdigest()[:32]}"


def record_sign_in(
    session: Session, account: Account | None, typed: str, address: str, *, success: bool
) -> None:
    """Record an attempt to sign in; ``account`` is None when ``typed`` names none."""
    actor = audit.Actor(
        user_id=account.id if account else None,
        username=account.username if account else typed,
        ip_address=address,
    )
    entity = ("user", str(account.id)) if account else ("", "")
    audit.record(session, actor, "login.success" if success else "login.failed", entity=entity)
    session.commit()


def record_sign_out(session: Session, actor: audit.Actor) -> None:
    """Record a sign-out within the caller's transaction."""
    audit.record(session, actor, "logout", entity=("user", str(actor.user_id)))
