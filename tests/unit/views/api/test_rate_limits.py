"""Rate limits, and how responses show them."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient
from flask_appbuilder import Model
from PIL import Image
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from config import load
from tests.support.servers import redis_server
from tests.support.service import free_port
from tests.unit.views.api.conftest import NOBODY, Program
from upscaler import create_app
from upscaler.extensions import db
from upscaler.services.audit import Actor
from upscaler.views.limiter import limiter

NewApp = Callable[..., Flask]


@pytest.fixture
def new_app(tmp_path: Path) -> Iterator[NewApp]:
    """Return a function that makes an application; its limiter is gone afterwards, for there is one in a process."""
    before = dict(vars(limiter))
    with ExitStack() as ending:

        def build(**settings: str) -> Flask:
            app = create_app(load({"DATA_DIR": str(tmp_path), **settings}, env_file=None))
            ending.callback(app.extensions["upscaler"].submissions.close)
            with app.app_context():
                Model.metadata.create_all(db.engine)
                ending.callback(db.engine.dispose)
            return app

        yield build
    vars(limiter).clear()
    vars(limiter).update(before)


def ask(client: FlaskClient, forwarded_for: str = "192.0.2.1") -> TestResponse:
    """Send an upload without an image: it counts, and costs nothing."""
    return client.post("/api/v1/uploads", headers={"X-Forwarded-For": forwarded_for})


def check_refusal(answer: TestResponse, policy: str) -> None:
    """Fail unless an answer says all that one who has to wait needs to know."""
    assert (answer.status_code, answer.get_json()["code"]) == (429, "rate_limited")
    assert answer.headers["RateLimit-Policy"] == policy
    left = re.fullmatch(r'"(?:hour|minute)";r=0;t=(\d+)', answer.headers["RateLimit"])
    assert left is not None
    assert abs(int(answer.headers["Retry-After"]) - int(left[1])) <= 1


def upload(client: FlaskClient, address: str) -> int:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), "teal").save(buffer, "PNG")
    buffer.seek(0)
    answer = client.post(
        "/api/v1/uploads",
        data={"file": (buffer, "a.png"), "factor": "2x"},
        environ_base={"REMOTE_ADDR": address},
    )
    if answer.status_code == 429:
        assert answer.mimetype == "application/problem+json"
        assert answer.get_json()["code"] == "rate_limited"
        assert int(answer.headers["Retry-After"]) > 0
    return answer.status_code


@pytest.fixture
def limit_uploads(app: Flask, session: Session) -> Callable[[str], None]:
    """Return a function that changes the limit on uploads while the service runs, as an admin does."""
    settings = app.extensions["upscaler"].settings
    return lambda rate: settings.update(session, NOBODY, {"rate_limit": rate})


def test_an_address_that_sends_too_much_is_asked_to_wait(
    client: FlaskClient, limit_uploads: Callable[[str], None]
) -> None:
    limit_uploads("2 per hour")

    assert [upload(client, "192.0.2.1") for _ in range(3)] == [202, 202, 429]
    assert upload(client, "192.0.2.2") == 202


def test_an_ipv6_network_counts_as_one_address(
    client: FlaskClient, limit_uploads: Callable[[str], None]
) -> None:
    limit_uploads("2 per hour")
    addresses = ["2001:db8::1", "2001:db8::2", "2001:db8::3"]

    assert [upload(client, address) for address in addresses] == [202, 202, 429]
    assert upload(client, "2001:db8:0:1::1") == 202


def test_an_admin_can_change_the_limit_while_the_service_runs(
    client: FlaskClient, limit_uploads: Callable[[str], None], caplog: pytest.LogCaptureFixture
) -> None:
    limit_uploads("2 per hour")
    assert [upload(client, "192.0.2.3") for _ in range(3)] == [202, 202, 429]

    limit_uploads("off")

    assert [upload(client, "192.0.2.3") for _ in range(4)] == [202] * 4
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []


def test_limits_count_in_redis_in_memory_while_it_is_away_and_in_redis_again(
    new_app: NewApp, tmp_path: Path
) -> None:
    port = free_port()
    address = f"redis://127.0.0.1:{port}/0"
    hosts = [new_app(REDIS_URL=address, RATE_LIMIT="off", TRUSTED_PROXIES="1") for _ in range(2)]
    with hosts[0].app_context():
        # As the console does it, while the service runs.
        settings = hosts[0].extensions["upscaler"].settings
        settings.update(db.session, Actor(None, "abdullah", ""), {"rate_limit": "2 per hour"})
        db.session.remove()
    first, second = (host.test_client() for host in hosts)

    with redis_server(tmp_path, port):
        answers = [ask(first), ask(second), ask(first), ask(second)]
        with redis.Redis.from_url(address) as server:
            counted = server.keys("LIMITS:*")

    assert [answer.status_code for answer in answers] == [422, 422, 429, 429]
    for answer in answers[2:]:
        check_refusal(answer, '"hour";q=2;w=3600')
    assert len(counted) == 1

    # Redis is gone, and with it what was counted.
    begun = time.monotonic()
    answers = [ask(first) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [422, 422, 429]
    assert time.monotonic() - begun < 30
    check_refusal(answers[-1], '"hour";q=2;w=3600')

    with redis_server(tmp_path, port), redis.Redis.from_url(address) as server:
        deadline = time.monotonic() + 90
        while not server.keys("LIMITS:*") and time.monotonic() < deadline:
            time.sleep(0.5)
            ask(first, "192.0.2.2")
        assert server.keys("LIMITS:*")


@pytest.mark.parametrize(
    ("proxies", "same", "others"),
    [
        # A client that may write the header at will must not choose the address that counts.
        ("0", [f"192.0.2.{number}" for number in range(3)], []),
        ("1", [f"192.0.2.{number}, 198.51.100.1" for number in range(3)], ["192.0.2.0, 198.51.100.2"]),
        (
            "2",
            [f"192.0.2.{number}, 198.51.100.1, 10.0.0.{number}" for number in range(3)],
            ["192.0.2.0, 198.51.100.2, 10.0.0.0"],
        ),
    ],
)
def test_only_what_the_trusted_proxies_say_counts_as_the_address(
    new_app: NewApp, proxies: str, same: list[str], others: list[str]
) -> None:
    client = new_app(RATE_LIMIT="2 per minute", TRUSTED_PROXIES=proxies).test_client()

    answers = [ask(client, forwarded_for) for forwarded_for in same]

    assert [answer.status_code for answer in answers] == [422, 422, 429]
    check_refusal(answers[-1], '"minute";q=2;w=60')
    assert [ask(client, forwarded_for).status_code for forwarded_for in others] == [422] * len(others)


WithKey = Callable[..., Program]


def test_an_account_has_a_limit_of_its_own_for_uploads(
    app: Flask, with_key: WithKey, visitor: Program, session: Session
) -> None:
    limits = {"account_rate_limit": "2 per day", "rate_limit": "1 per hour"}
    app.extensions["upscaler"].settings.update(session, NOBODY, limits)
    layla = with_key("layla")

    assert [layla.upload().status_code for _ in range(3)] == [202, 202, 429]
    assert with_key("sven").upload().status_code == 202
    assert [visitor.upload().status_code for _ in range(2)] == [202, 429]


def test_a_retry_by_an_admin_for_somebody_else_uses_up_nobodys_rate(
    app: Flask, with_key: WithKey, admin: Program, session: Session
) -> None:
    app.extensions["upscaler"].settings.update(session, NOBODY, {"account_rate_limit": "1 per day"})
    layla = with_key("layla")
    of_layla, of_admin = (sender.upload().get_json()["job_id"] for sender in (layla, admin))
    for job_id in (of_layla, of_admin):
        admin.post(f"/jobs/{job_id}/cancel")

    assert layla.post(f"/jobs/{of_layla}/retry").status_code == 429
    assert [admin.post(f"/jobs/{of_layla}/retry").status_code for _ in range(2)] == [202, 202]
    assert admin.post(f"/jobs/{of_admin}/retry").status_code == 429
