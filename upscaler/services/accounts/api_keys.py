"""API keys: long-lived secrets for programs, each with a name and scopes, revocable one by one.

A key is ``upk_`` and 43 random characters. Only its SHA-256 is stored: a reader of the database cannot use it.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from upscaler.errors import N_, InvalidKey, KeyNotFound, combined
from upscaler.models import Account, AccountKey, utcnow
from upscaler.services import audit

PREFIX = "upk_"
# Scopes: read the account's own data; create, cancel and delete; administer the service.
READ, WRITE, ADMIN = SCOPES = ("read", "write", "admin")

MAX_NAME = 64
MAX_KEYS = 50
# Characters of a key that are stored to tell keys apart; the others are far too many to guess.
SHOWN = len(PREFIX) + 6
# The last use is noted at most this often, so that reading costs no write.
LAST_USED_STEP = timedelta(minutes=1)


@dataclass(frozen=True)
class NewKey:
    """A new key with the only copy of its secret."""

    key: AccountKey
    secret: str


def create(
    session: Session,
    actor: audit.Actor,
    account: Account,
    name: str,
    scopes: Sequence[str],
    expires_at: datetime | None = None,
) -> NewKey:
    """Create a key for an account, with a row in the audit trail.

    Raises:
        InvalidKey: the name or a scope cannot be used, the end lies in the past, or there are too many keys.
    """
    name = name.strip()
    if refusals := list(_refusals(account, name, scopes, expires_at)):
        raise combined(refusals)
    if len(keys_of(session, account)) >= MAX_KEYS:
        reason = N_("An account can have up to %(limit)s keys. Revoke one first.")
        raise InvalidKey(None, reason, limit=MAX_KEYS)
    secret = PREFIX + secrets.token_urlsafe(32)
    key = AccountKey(
        user_id=account.id,
        name=name,
        prefix=secret[:SHOWN],
        key_hash=_hash(secret),
        scopes=[scope for scope in SCOPES if scope in scopes],
        expires_at=expires_at,
    )
    session.add(key)
    session.flush()
    details = {"name": name, "scopes": key.scopes}
    audit.record(session, actor, "key.create", entity=("key", key.id), details=details)
    session.commit()
    return NewKey(key, secret)


def _refusals(
    account: Account, name: str, scopes: Sequence[str], expires_at: datetime | None
) -> Iterator[InvalidKey]:
    """Yield what is wrong with the values of a new key."""
    if not 1 <= len(name) <= MAX_NAME or not name.isprintable():
        yield InvalidKey("name", N_("Enter a name of up to %(limit)s characters."), limit=MAX_NAME)
    if not scopes or not set(scopes) <= set(SCOPES):
        choices = ", ".join(SCOPES)
        yield InvalidKey("scopes", N_("Choose at least one of these scopes: %(scopes)s."), scopes=choices)
    elif ADMIN in scopes and not account.is_admin:
        yield InvalidKey("scopes", N_("Only an admin's key can have the scope %(scope)s."), scope=ADMIN)
    if expires_at is not None and expires_at <= utcnow():
        yield InvalidKey("expires_at", N_("The expiry date must be in the future."))


def keys_of(session: Session, account: Account) -> Sequence[AccountKey]:
    """Return the keys of an account that were not revoked, the newest first."""
    query = select(AccountKey).where(AccountKey.user_id == account.id, AccountKey.revoked_at.is_(None))
    return session.scalars(query.order_by(AccountKey.created_at.desc(), AccountKey.id)).all()


def revoke(session: Session, actor: audit.Actor, account: Account, key_id: str) -> None:
    """Revoke a key of this account at once.

    Raises:
        KeyNotFound: the account has no such key, or it was revoked before.
    """
    key = session.scalar(
        select(AccountKey).where(
            AccountKey.id == key_id, AccountKey.user_id == account.id, AccountKey.revoked_at.is_(None)
        )
    )
    if key is None:
        raise KeyNotFound
    key.revoked_at = utcnow()
    audit.record(session, actor, "key.revoke", entity=("key", key.id), details={"name": key.name})
    session.commit()


def authenticate(session: Session, secret: str) -> AccountKey | None:
    """Return the key with this secret; None when it is unknown, revoked or expired, or its account inactive."""
    now = utcnow()
    key: AccountKey | None = session.scalar(
        select(AccountKey).where(
            AccountKey.key_hash == _hash(secret),
            AccountKey.revoked_at.is_(None),
            or_(AccountKey.expires_at.is_(None), AccountKey.expires_at > now),
        )
    )
    if key is None or not key.user.is_active:
        return None
    if key.last_used_at is None or now - key.last_used_at > LAST_USED_STEP:
        # A statement of its own: nothing else of the row is written, so that a concurrent revocation stays.
        session.execute(
            update(AccountKey)
            .where(AccountKey.id == key.id)
            .values(last_used_at=now)
            .execution_options(synchronize_session=False)
        )
        session.commit()
    return key


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
