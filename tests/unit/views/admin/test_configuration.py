from __future__ import annotations

import pytest
from flask_appbuilder.exceptions import PasswordComplexityValidationError

from upscaler.models import ADMIN_ROLE
from upscaler.views.admin.configuration import console_config


def test_passwords_follow_the_rules_of_accounts() -> None:
    check = console_config()["FAB_PASSWORD_COMPLEXITY_VALIDATOR"]

    check("correct horse battery")
    with pytest.raises(PasswordComplexityValidationError):
        check("short")


def test_only_admins_have_rights() -> None:
    roles = console_config()["FAB_ROLES"]

    assert [role for role, rights in roles.items() if rights] == [ADMIN_ROLE]
