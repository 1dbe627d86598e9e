from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests import factories
from tests.factories import PASSWORD
from tests.unit.views.api.conftest import log_in
from upscaler.extensions import db
from upscaler.models import Account

NewAccount = Callable[..., Account]


@pytest.fixture
def new_account(app: Flask) -> NewAccount:
    """The factory of accounts, on the application's database."""
    return partial(factories.new_account, db.session())


def test_attempts_are_limited_for_an_address(client: FlaskClient, new_account: NewAccount) -> None:
    new_account("layla")
    for number in range(10):
        assert log_in(client, f"name{number}", "wrong").status_code == 401

    answer = log_in(client)

    assert (answer.status_code, answer.get_json()["code"]) == (429, "rate_limited")
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert log_in(client, address="192.0.2.9").status_code == 200


def test_attempts_are_limited_for_an_account_from_many_addresses_and_under_each_of_its_names(
    client: FlaskClient, new_account: NewAccount
) -> None:
    new_account("layla")
    names = ["layla", "Layla@Example.org"] * 10
    for number, name in enumerate(names):
        assert log_in(client, name, "wrong", f"192.0.2.{number}").status_code == 401

    assert log_in(client, "layla", PASSWORD, "192.0.2.100").status_code == 429
    new_account("sven")
    assert log_in(client, "sven", PASSWORD, "192.0.2.100").status_code == 200


def test_right_passwords_do_not_count(client: FlaskClient, new_account: NewAccount) -> None:
    new_account("layla")

    assert {log_in(client).status_code for _ in range(12)} == {200}
