"""Accounts: Flask-AppBuilder's user, seen with the fields that the rest of the service speaks of."""

from __future__ import annotations

import hashlib
import unicodedata
from typing import Any

from flask_appbuilder.security.sqla.models import Role
from flask_appbuilder.security.sqla.models import User as AppBuilderUser
from sqlalchemy import Integer, String, event
from sqlalchemy.orm import Mapped, mapped_column

__all__ = ["ADMIN_ROLE", "USER_ROLE", "Account", "Role", "folded"]

ADMIN_ROLE = "Admin"
USER_ROLE = "User"


def folded(name: str) -> str:
    """Return the form in which user names and e-mail addresses are compared.

    Two that differ in blanks around them, in capitals or in compatibility forms are the same: "ZOË" is "zoë".
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).strip()


class Account(AppBuilderUser):
    """An account. Shares the table ``ab_user``: one login for the console, the site and the API.

    Its class cannot be called ``User``: Flask-AppBuilder's relationships find their target by that name.
    """

    __tablename__ = "ab_user"

    # The folded name and address, written with them: no two accounts have the same.
    username_key: Mapped[str] = mapped_column(String(256), unique=True, index=True, server_default="")
    email_key: Mapped[str] = mapped_column(String(1024), unique=True, index=True, server_default="")
    # Counts what ends every session and token: a new password, another role, a deactivation.
    sign_in_version: Mapped[int] = mapped_column(Integer, default=0, server_default="0")

    @property
    def role(self) -> str:
        """``admin`` or ``user``."""
        return "admin" if any(role.name == ADMIN_ROLE for role in self.roles) else "user"

    @property
    def is_admin(self) -> bool:
        """Whether the account may do everything."""
        return self.role == "admin"

    @property
    def sign_in_stamp(self) -> str:
        """Sixteen characters that change with the password, the role and a deactivation.

        Sessions and tokens carry it: those that were opened before such a change end.
        """
        return hashlib.sha256(f"{self.sign_in_version}:{self.password or ''}".encode()).hexdigest()[:16]

    def get_id(self) -> str:
        """Return what a session remembers of the account: its id and its stamp."""
        return f"{self.id}.{self.sign_in_stamp}"


@event.listens_for(Account, "before_insert")
@event.listens_for(Account, "before_update")
def _fold(_mapper: Any, _connection: Any, account: Account) -> None:
    account.username_key, account.email_key = folded(account.username), folded(account.email)
