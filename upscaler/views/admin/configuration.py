"""Configuration of Flask-AppBuilder, whose own views, menus and permission tables are not used."""

from __future__ import annotations

from typing import Any

from flask_appbuilder.const import AUTH_DB
from flask_appbuilder.exceptions import PasswordComplexityValidationError

from upscaler.errors import InvalidAccount
from upscaler.models import ADMIN_ROLE, USER_ROLE
from upscaler.services.accounts.account_data import check_password
from upscaler.services.accounts.roles import PUBLIC_ROLE

# Rights, as pairs of regular expressions for a view and a permission. They stand in code, so that no process
# has to write rows of permissions at start, and so that admins cannot be locked out.
ROLES: dict[str, list[list[str]]] = {ADMIN_ROLE: [[".*", ".*"]], USER_ROLE: [], PUBLIC_ROLE: []}


def console_config() -> dict[str, Any]:
    """Return the settings of Flask-AppBuilder."""
    return {
        "AUTH_TYPE": AUTH_DB,
        "AUTH_ROLE_ADMIN": ADMIN_ROLE,
        "AUTH_ROLE_PUBLIC": PUBLIC_ROLE,
        "AUTH_USER_REGISTRATION": False,
        "FAB_ROLES": ROLES,
        # Tables come from migrations, roles from the seed.
        "FAB_CREATE_DB": False,
        "FAB_UPDATE_PERMS": False,
        "FAB_BASE_TEMPLATE": "admin/base.html",
        "FAB_PASSWORD_COMPLEXITY_ENABLED": True,
        "FAB_PASSWORD_COMPLEXITY_VALIDATOR": _check_complexity,
        "FAB_ALLOW_GET_UNSAFE_MUTATIONS": False,
    }


def _check_complexity(password: str) -> None:
    try:
        check_password(password, "")
    except InvalidAccount as error:
        raise PasswordComplexityValidationError(error.detail) from None
