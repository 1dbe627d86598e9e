from __future__ import annotations

import pytest

from upscaler.errors import InvalidCallbackUrl, InvalidUrl, UnusableParameter
from upscaler.errors.base import N_


@pytest.mark.parametrize(("kind", "parameter"), [(InvalidUrl, "url"), (InvalidCallbackUrl, "callback_url")])
def test_an_invalid_url_names_the_parameter_that_it_came_in(kind: type[InvalidUrl], parameter: str) -> None:
    usual, other = kind(), kind(N_('"%(name)s" must not hold %(what)s.'), what="a password")

    assert usual.detail.startswith(f'"{parameter}" must be a complete URL')
    assert other.detail == f'"{parameter}" must not hold a password.'
    assert usual.parameter == other.parameter == parameter


def test_a_value_that_may_be_a_secret_is_not_repeated() -> None:
    error = UnusableParameter(name="callback_url", value="https://hooks.example.org/?key=hidden")

    assert "hidden" not in error.internal_detail
    assert error.parameter == "callback_url"
