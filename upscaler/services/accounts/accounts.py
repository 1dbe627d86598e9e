"""Accounts: who may sign in, and with which rights. Every change leaves a row in the audit trail.

The tables are Flask-AppBuilder's (``ab_user``, ``ab_role``); the rules are ours. A password is kept as its
salted scrypt hash, which Werkzeug makes and which Flask-AppBuilder's login checks.
"""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sqlalchemy import delete as delete_rows
from sqlalchemy import func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from werkzeug.security import check_password_hash, generate_password_hash

from upscaler.errors import N_, AccountConflict, InvalidAccount
from upscaler.models import ADMIN_ROLE, USER_ROLE, Account, Batch, Job, Role
from upscaler.services import audit

PUBLIC_ROLE = "Public"
ROLES = (ADMIN_ROLE, USER_ROLE)

# Long passwords beat contrived ones; the upper bound keeps hashing cheap.
MIN_PASSWORD = 10
MAX_PASSWORD = 128
MAX_NAME = 64
MAX_EMAIL = 320


@dataclass(frozen=True)
class AccountData:
    """What a person enters about an account."""

    username: str
    email: str
    first_name: str = ""
    last_name: str = ""
    role: str = USER_ROLE
    active: bool = True


def create(session: Session, actor: audit.Actor, data: AccountData, password: str) -> Account:
    """Create an account.

    Raises:
        InvalidAccount: a value cannot be used, or the name or address is taken.
    """
    data = checked(data)
    check_password(password, data.username)
    _check_free(session, data, None)
    user = Account(
        username=data.username,
        email=data.email,
        first_name=data.first_name,
        last_name=data.last_name,
        active=data.active,
        password=hash_password(password),
        login_count=0,
        fail_login_count=0,
    )
    user.roles = [ensure_roles(session)[data.role]]
    session.add(user)
    _flush(session)
    details = {"username": user.username, "role": data.role, "active": data.active}
    audit.record(session, actor, "user.create", entity=_entity(user), details=details)
    session.commit()
    return user


def update_account(session: Session, actor: audit.Actor, user: Account, data: AccountData) -> bool:
    """Change an account; its name stays. Return whether anything differed.

    Raises:
        InvalidAccount: a value cannot be used, or the address is taken.
        AccountConflict: the account is the actor's own or the last admin's, and would lose its rights.
    """
    data = checked(data)
    _check_free(session, data, user.id)
    changes = _changes(user, data)
    if not changes:
        return False
    if user.is_admin and user.active and (data.role != ADMIN_ROLE or not data.active):
        _guard(session, actor, user)
    user.email, user.first_name, user.last_name = data.email, data.first_name, data.last_name
    user.active = data.active
    if "role" in changes or not data.active:
        user.sign_in_version += 1
    if "role" in changes:
        user.roles = [ensure_roles(session)[data.role]]
    _flush(session)
    audit.record(
        session, actor, "user.update", entity=_entity(user), details={"username": user.username, **changes}
    )
    session.commit()
    return True


def reset_password(session: Session, actor: audit.Actor, user: Account, password: str) -> None:
    """Set a new password; sessions and tokens that were opened with the old one end.

    Raises:
        InvalidAccount: the password cannot be used.
    """
    check_password(password, user.username)
    _set_password(session, actor, user, password)


def delete(session: Session, actor: audit.Actor, user: Account) -> None:
    """Delete an account. Its images and jobs stay, without an owner; only admins may change them then.

    Raises:
        AccountConflict: the account is the actor's own or the last admin's.
    """
    _guard(session, actor, user)
    audit.record(session, actor, "user.delete", entity=_entity(user), details={"username": user.username})
    session.flush()
    # Statements instead of the session's cascade: the database clears the references, and "created by" and
    # "changed by" have no rule of their own.
    session.execute(update(Account).where(Account.created_by_fk == user.id).values(created_by_fk=None))
    session.execute(update(Account).where(Account.changed_by_fk == user.id).values(changed_by_fk=None))
    for owned in (Job, Batch):
        session.execute(update(owned).where(owned.owner_id == user.id).values(owner_gone=True))
    session.execute(delete_rows(Account).where(Account.id == user.id))
    session.commit()


class Seeding(Enum):
    """What became of the first admin."""

    CREATED = "created"
    RENEWED = "gave a new password to"
    KEPT = "kept"


def seed_admin(session: Session, username: str, password: str, *, public: str = "") -> Seeding:
    """Create the first admin. An account that is there already keeps its rights, and its password if nobody knows it.

    The password comes from the operator's settings and is taken as it is, save an empty one.

    Args:
        session: of the database.
        username: name of the admin.
        password: what they sign in with.
        public: a password that everybody knows, of the example settings; an account that still has it gets the other.

    Raises:
        InvalidAccount: the name or the password cannot be used.
    """
    roles = ensure_roles(session)
    session.commit()
    # An address is mandatory in the table; this one can receive nothing (RFC 6761).
    data = checked(AccountData(username=username, email=f"{username}@localhost.invalid", role=ADMIN_ROLE))
    if not password.strip("\0"):
        raise InvalidAccount("password", N_("Choose a password."))
    if (number := _named(session, data.username)) is not None:
        if password == public or not signs_in_with(session, data.username, public):
            return Seeding.KEPT
        _set_password(session, audit.SYSTEM, session.get_one(Account, number), password)
        return Seeding.RENEWED
    user = Account(
        username=data.username,
        email=data.email,
        first_name=data.first_name,
        last_name=data.last_name,
        active=True,
        password=hash_password(password),
    )
    user.roles = [roles[ADMIN_ROLE]]
    session.add(user)
    try:
        session.flush()
        audit.record(
            session, audit.SYSTEM, "user.seed", entity=_entity(user), details={"username": user.username}
        )
        session.commit()
    except IntegrityError:
        # Another process was faster, or the address belongs to somebody.
        session.rollback()
        if _named(session, data.username) is None:
            raise InvalidAccount("username", N_("This user name or e-mail address is taken.")) from None
        return Seeding.KEPT
    return Seeding.CREATED


def signs_in_with(session: Session, username: str, password: str) -> bool:
    """Tell whether there is an active account with that name and password."""
    number = _named(session, username)
    user = None if number is None else session.get_one(Account, number)
    return user is not None and bool(user.active) and check_password_hash(user.password or "", password)


def _set_password(session: Session, actor: audit.Actor, user: Account, password: str) -> None:
    user.password = hash_password(password)
    user.fail_login_count = 0
    user.sign_in_version += 1
    audit.record(
        session, actor, "user.reset_password", entity=_entity(user), details={"username": user.username}
    )
    session.commit()


def login_key(session: Session, name: str) -> str:
    """Return what tries to sign in as somebody are counted by: the account, by whichever of its names it is called.

    ``name`` is what was typed: a user name, an e-mail address, or anything else.
    """
    typed = unicodedata.normalize("NFKC", name.replace("\0", "")).strip().casefold()[:MAX_EMAIL]
    same = or_(func.lower(Account.username) == typed, func.lower(Account.email) == typed)
    found = session.scalar(select(Account.id).where(same).order_by(Account.id).limit(1))
    return f"account {found}" if found else f"name {hashlib.sha256(typed.encode()).hexdigest()[:32]}"


def ensure_roles(session: Session) -> dict[str, Role]:
    """Return the roles by name, adding those that are missing within the caller's transaction."""
    names = (ADMIN_ROLE, USER_ROLE, PUBLIC_ROLE)
    found = {role.name: role for role in session.scalars(select(Role).where(Role.name.in_(names)))}
    for name in names:
        if name not in found:
            found[name] = Role(name=name)
            try:
                with session.begin_nested():
                    session.add(found[name])
            except IntegrityError:
                # Another process added it between our look and our write.
                found[name] = session.scalars(select(Role).where(Role.name == name)).one()
    return found


def hash_password(password: str) -> str:
    """Return the salted scrypt hash of a password."""
    return generate_password_hash(password)


def check_password(password: str, username: str) -> None:
    """Raise ``InvalidAccount`` for a password that is too short, too long, or the name itself."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise InvalidAccount(
            "password",
            N_("Use %(low)s to %(high)s characters."),
            low=MIN_PASSWORD,
            high=MAX_PASSWORD,
        )
    if "\0" in password or (username and username.casefold() in password.casefold()):
        raise InvalidAccount("password", N_("The password must not contain the user name."))


def checked(data: AccountData) -> AccountData:
    """Return the data in canonical form; raise ``InvalidAccount`` for a value that cannot be used."""
    username = unicodedata.normalize("NFKC", data.username).strip()
    if not 1 <= len(username) <= MAX_NAME or not all(part.isalnum() or part in "._-" for part in username):
        # No @, so that nobody's name can be somebody else's address: both are accepted at the login.
        raise InvalidAccount(
            "username",
            N_("Use up to %(limit)s letters, digits, dots, dashes and underscores."),
            limit=MAX_NAME,
        )
    email = data.email.strip()
    local, _, domain = email.rpartition("@")
    if not local or not domain or len(email) > MAX_EMAIL or not email.isprintable() or " " in email:
        raise InvalidAccount("email", N_("Enter a valid e-mail address."))
    names = {"first_name": data.first_name.strip(), "last_name": data.last_name.strip()}
    for field, value in names.items():
        if len(value) > MAX_NAME or not value.isprintable():
            raise InvalidAccount(field, N_("Use up to %(limit)s characters."), limit=MAX_NAME)
    if data.role not in ROLES:
        raise InvalidAccount("role", N_("This role doesn't exist."))
    return AccountData(username=username, email=email, role=data.role, active=data.active, **names)


def _changes(user: Account, data: AccountData) -> dict[str, Any]:
    before = {
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "role": ADMIN_ROLE if user.is_admin else USER_ROLE,
        "active": bool(user.active),
    }
    return {
        field: {"from": old, "to": getattr(data, field)}
        for field, old in before.items()
        if old != getattr(data, field)
    }


def _guard(session: Session, actor: audit.Actor, user: Account) -> None:
    """Refuse to take the rights of the actor's own account, or of the last admin who can sign in."""
    if user.id == actor.user_id:
        raise AccountConflict(N_("You can't remove your own rights or delete your own account."))
    # A write to one row that everybody writes: two admins who remove each other do so one after the other.
    session.execute(update(Role).where(Role.name == ADMIN_ROLE).values(name=ADMIN_ROLE))
    others = (
        select(func.count())
        .select_from(Account)
        .where(Account.id != user.id, Account.active.is_(True), Account.roles.any(Role.name == ADMIN_ROLE))
    )
    if user.is_admin and not session.scalar(others):
        session.rollback()
        raise AccountConflict


def _check_free(session: Session, data: AccountData, own_id: int | None) -> None:
    # Compared without case, as the login does.
    same = or_(
        func.lower(Account.username) == func.lower(data.username),
        func.lower(Account.email) == func.lower(data.email),
    )
    for username, email in session.execute(
        select(Account.username, Account.email).where(same, Account.id != (own_id or 0))
    ):
        if own_id is None and username.lower() == data.username.lower():
            raise InvalidAccount("username", N_("This user name is taken."))
        if email.lower() == data.email.lower():
            raise InvalidAccount("email", N_("This e-mail address belongs to another account."))


def _named(session: Session, username: str) -> int | None:
    found: int | None = session.scalar(
        select(Account.id).where(func.lower(Account.username) == func.lower(username))
    )
    return found


def _flush(session: Session) -> None:
    try:
        session.flush()
    except IntegrityError:
        # Somebody else took the name or the address since it was checked.
        session.rollback()
        raise InvalidAccount("username", N_("This user name or e-mail address is taken.")) from None


def _entity(user: Account) -> tuple[str, str]:
    return ("user", str(user.id))
