"""The roles of accounts, rows of Flask-AppBuilder's table ``ab_role``."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from upscaler.models import ADMIN_ROLE, USER_ROLE, Role

PUBLIC_ROLE = "Public"


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
                # Another process has added it since the query.
                found[name] = session.scalars(select(Role).where(Role.name == name)).one()
    return found
