from __future__ import annotations

from upscaler.errors import InvalidAccount
from upscaler.errors.base import N_


def test_an_invalid_account_names_its_field_beside_the_sentence() -> None:
    error = InvalidAccount("password", N_("Use at least %(count)s characters."), count=12)

    assert (error.parameter, error.detail) == ("password", "Use at least 12 characters.")
