"""Data of an account as entered by a person, and the rules for its values."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import partial

from upscaler.errors import N_, InvalidAccount, gathered
from upscaler.models import ADMIN_ROLE, USER_ROLE, folded

ROLES = (ADMIN_ROLE, USER_ROLE)

# Long passwords are better than contrived ones; the upper bound keeps hashing cheap.
MIN_PASSWORD = 10
MAX_PASSWORD = 128
MAX_NAME = 64
MAX_EMAIL = 320


@dataclass(frozen=True)
class AccountData:
    """The data of an account, without its password."""

    username: str
    email: str
    first_name: str = ""
    last_name: str = ""
    role: str = USER_ROLE
    active: bool = True


def checked(data: AccountData) -> AccountData:
    """Return the data in canonical form; raise ``InvalidAccount``, which holds all values that cannot be used."""
    username, email, first_name, last_name, role = gathered(
        partial(_username, data.username),
        partial(_email, data.email),
        partial(_name, "first_name", data.first_name),
        partial(_name, "last_name", data.last_name),
        partial(_role, data.role),
    )
    return AccountData(username, email, first_name, last_name, role, data.active)


def _username(text: str) -> str:
    username = unicodedata.normalize("NFKC", text).strip()
    if not 1 <= len(username) <= MAX_NAME or not all(part.isalnum() or part in "._-" for part in username):
        # No @, so that no user name is the address of another account: the login accepts both.
        raise InvalidAccount(
            "username",
            N_("Use up to %(limit)s letters, digits, dots, dashes and underscores."),
            limit=MAX_NAME,
        )
    return username


def _email(text: str) -> str:
    email = unicodedata.normalize("NFKC", text).strip()
    local, _, domain = email.rpartition("@")
    if not local or not domain or len(email) > MAX_EMAIL or not email.isprintable() or " " in email:
        raise InvalidAccount("email", N_("Enter a valid e-mail address."))
    return email


def _name(field: str, text: str) -> str:
    name = text.strip()
    if len(name) > MAX_NAME or not name.isprintable():
        raise InvalidAccount(field, N_("Use up to %(limit)s characters."), limit=MAX_NAME)
    return name


def _role(name: str) -> str:
    if name not in ROLES:
        raise InvalidAccount("role", N_("This role doesn't exist."))
    return name


def check_password(password: str, username: str) -> None:
    """Raise ``InvalidAccount`` for a password that is too short, too long, or the name itself."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise InvalidAccount(
            "password",
            N_("Use %(low)s to %(high)s characters."),
            low=MIN_PASSWORD,
            high=MAX_PASSWORD,
        )
    if "\0" in password or (username and folded(username) in folded(password)):
        raise InvalidAccount("password", N_("The password must not contain the user name."))
