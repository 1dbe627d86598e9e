"""The first admin, from the settings of the operator."""

from __future__ import annotations

from enum import Enum

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from upscaler.errors import N_, InvalidAccount
from upscaler.models import ADMIN_ROLE, Account
from upscaler.services import audit
from upscaler.services.accounts.account_data import AccountData, checked
from upscaler.services.accounts.accounts import set_password
from upscaler.services.accounts.roles import ensure_roles
from upscaler.services.accounts.sign_in import account_named, hash_password, signs_in_with


class Seeding(Enum):
    """The outcome of seeding."""

    CREATED = "created"
    RENEWED = "gave a new password to"
    KEPT = "kept"


def seed_admin(session: Session, username: str, password: str, *, public: str = "") -> Seeding:
    """Create the first admin. An account of that name keeps its rights, and its password unless that is public.

    The password comes from the operator's settings and is accepted as it is, save an empty one.

    Args:
        session: of the database.
        username: name of the admin.
        password: what they sign in with.
        public: the password of the example settings; an account that still has it gets ``password``.

    Raises:
        InvalidAccount: the name or the password cannot be used.
    """
    roles = ensure_roles(session)
    session.commit()
    # An address is mandatory in the table; this one can receive nothing (RFC 6761).
    data = checked(
        AccountData(username=username, email=f"{username.strip()}@localhost.invalid", role=ADMIN_ROLE)
    )
    if not password.strip("\0"):
        raise InvalidAccount("password", N_("Choose a password."))
    if (existing := account_named(session, data.username)) is not None:
        if password == public or not signs_in_with(session, data.username, public):
            return Seeding.KEPT
        set_password(session, audit.SYSTEM, existing, password)
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
            session,
            audit.SYSTEM,
            "user.seed",
            entity=("user", str(user.id)),
            details={"username": user.username},
        )
        session.commit()
    except IntegrityError:
        # Another process was faster, or another account has the address.
        session.rollback()
        if account_named(session, data.username) is None:
            raise InvalidAccount(
                "username", N_("This user name or e-mail address is taken. Choose another.")
            ) from None
        return Seeding.KEPT
    return Seeding.CREATED
