"""The caller's account."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask.testing import FlaskClient

from tests.unit.views.api.conftest import Program, log_in
from upscaler.models import utcnow

WithKey = Callable[..., Program]


def test_an_account_sees_what_it_used_and_may_use(with_key: WithKey) -> None:
    layla = with_key("layla")
    layla.upload()

    me = layla.get("/me").get_json()

    assert (me["username"], me["role"], me["email"]) == ("layla", "user", "layla@example.org")
    assert me["usage"] == {
        "jobs": 1,
        "jobs_last_day": 1,
        "completed": 0,
        "input_pixels": 64,
        "output_pixels": 0,
        "worker_seconds": 0,
    }
    assert me["quota"]["upload_rates"] == [{"limit": 100, "remaining": 99, "window_seconds": 86_400}]
    assert me["quota"]["max_upload_size_bytes"] == 15_000_000


def test_an_account_says_when_it_was_created_and_last_signed_in(
    client: FlaskClient, with_key: WithKey
) -> None:
    layla = with_key("layla")
    assert layla.get("/me").get_json()["last_login_at"] is None

    log_in(client)

    me = layla.get("/me").get_json()
    for name in ("created_at", "last_login_at"):
        moment = datetime.fromisoformat(me[name].replace("Z", "+00:00"))
        assert abs((utcnow() - moment).total_seconds()) < 60
