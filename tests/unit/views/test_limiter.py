"""The limiter counts requests by address where a limit does not say otherwise, as that on sign-ins does."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.unit.views.api.conftest import log_in


@pytest.mark.parametrize(
    ("address", "same", "other"),
    [
        ("192.0.2.1", "::ffff:192.0.2.1", "192.0.2.2"),
        ("2001:db8::{}", "2001:db8::ffff", "2001:db8:0:1::1"),
    ],
    ids=["an IPv4 address", "an IPv6 network"],
)
def test_each_address_has_a_count_of_its_own(
    client: FlaskClient, address: str, same: str, other: str
) -> None:
    # Another name each time: those have a limit of their own.
    answers = [log_in(client, f"name{number}", "wrong", address.format(number)) for number in range(10)]

    assert {answer.status_code for answer in answers} == {401}
    assert log_in(client, "name10", "wrong", same).status_code == 429
    assert log_in(client, "name10", "wrong", other).status_code == 401
