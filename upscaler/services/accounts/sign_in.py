"""Sign-in and sign-out: passwords, the counting of attempts, and their rows in the audit trail.

A password is kept as its salted scrypt hash, which Werkzeug makes and Flask-AppBuilder's login checks.
"""

from __future__ import annotations

import hashlib

from sqlalchemy import or_, select
from sqlalchemy.orm import Session
from werkzeug.security import check_password_hash, generate_password_hash

from upscaler.models import Account, folded
from upscaler.services import audit


def hash_password(password: str) -> str:
    """Return the salted scrypt hash of a password."""
    return generate_password_hash(password)


def signs_in_with(session: Session, username: str, password: str) -> bool:
    """Return whether there is an active account with that user name and password."""
    user = account_named(session, username)
    return user is not None and bool(user.active) and check_password_hash(user.password or "", password)


def account_named(session: Session, username: str) -> Account | None:
    """Return the account with that user name, in capitals or not."""
    found: Account | None = session.scalar(select(Account).where(Account.username_key == folded(username)))
    return found


def account_with_email(session: Session, email: str) -> Account | None:
    """Return the account with that e-mail address, in capitals or not."""
    found: Account | None = session.scalar(select(Account).where(Account.email_key == folded(email)))
    return found


def login_key(session: Session, name: str) -> str:
    """Return the key that attempts to sign in are counted by: the same for both names of an account.

    ``name`` is as typed: a user name, an e-mail address, or anything else.
    """
    typed = folded(name.replace("\0", ""))
    same = or_(Account.username_key == typed, Account.email_key == typed)
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
