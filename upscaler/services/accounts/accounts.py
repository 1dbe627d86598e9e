"""Creation, changes and deletion of accounts, each with a row in the audit trail.

The tables are Flask-AppBuilder's (``ab_user``, ``ab_role``).
"""

from __future__ import annotations

from functools import partial
from typing import Any

from sqlalchemy import delete as delete_rows
from sqlalchemy import func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from upscaler.errors import N_, AccountConflict, InvalidAccount, combined, gathered
from upscaler.models import ADMIN_ROLE, USER_ROLE, Account, Batch, Job, Role, folded
from upscaler.services import audit
from upscaler.services.accounts.account_data import AccountData, check_password, checked
from upscaler.services.accounts.roles import ensure_roles
from upscaler.services.accounts.sign_in import hash_password


def create(session: Session, actor: audit.Actor, data: AccountData, password: str) -> Account:
    """Create an account.

    Raises:
        InvalidAccount: a value cannot be used, or the name or address is taken.
    """
    data, _ = gathered(partial(checked, data), partial(check_password, password, data.username))
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
    set_password(session, actor, user, password)


def set_password(session: Session, actor: audit.Actor, user: Account, password: str) -> None:
    """Set a password without checking it; sessions and tokens end."""
    user.password = hash_password(password)
    user.fail_login_count = 0
    user.sign_in_version += 1
    audit.record(
        session, actor, "user.reset_password", entity=_entity(user), details={"username": user.username}
    )
    session.commit()


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
        raise AccountConflict(
            N_("You can't remove your own rights or delete your own account. Ask another admin.")
        )
    # A write to one row as a lock: two admins who remove each other do so one after the other.
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
    username, email = folded(data.username), folded(data.email)
    same = or_(Account.username_key == username, Account.email_key == email)
    found = select(Account.username_key, Account.email_key).where(same, Account.id != (own_id or 0))
    refusals = []
    for taken_username, taken_email in session.execute(found):
        if own_id is None and taken_username == username:
            refusals.append(InvalidAccount("username", N_("This user name is taken. Choose another.")))
        if taken_email == email:
            refusals.append(
                InvalidAccount(
                    "email", N_("This e-mail address belongs to another account. Use a different one.")
                )
            )
    if refusals:
        raise combined(refusals)


def _flush(session: Session) -> None:
    try:
        session.flush()
    except IntegrityError:
        # Another account took the name or the address since it was checked.
        session.rollback()
        raise InvalidAccount(
            "username", N_("This user name or e-mail address is taken. Choose another.")
        ) from None


def _entity(user: Account) -> tuple[str, str]:
    return ("user", str(user.id))
