"""Whatever is sent, the API answers as its own description says.

Schemathesis makes requests up from the description, such as are allowed and such as are not, sends them to a real
server, and holds the answers against everything it can check.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from flask import Flask
from hypothesis import strategies
from PIL import Image
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import from_schema
from schemathesis.engine.events import FatalError, NonFatalError, ScenarioFinished
from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from tests.factories import PASSWORD, PASSWORD_HASH, new_account
from upscaler.models import ADMIN_ROLE, Account, Setting
from upscaler.services.accounts.roles import ensure_roles
from upscaler.views.api import OPERATIONS
from upscaler.views.api.openapi import document
from upscaler.views.limiter import limiter

# What is allowed by the description may still be refused with 422 by these, for reasons that no schema can express: a
# cursor is none that was handed out, a name is taken or part of the password, a day has passed, a file is no model,
# an address leads nowhere, a text cannot be printed, two choices do not go together.
PARTLY_REFUSED = (
    *("create_upload", "create_preview", "create_batch", "get_quote"),
    *("create_key", "list_jobs"),
    *("list_admin_jobs", "list_admin_batches", "list_admin_keys", "list_admin_models", "list_audit_logs"),
    *("list_deliveries", "list_users", "create_user", "update_user", "set_user_password"),
    *("create_model", "update_model"),
)
ACCEPTED = ["2xx", "3xx", 401, 403, 404, 409, 429, "5xx"]
CONFIG: dict[str, Any] = {
    "seed": 1,
    "generation": {"max-examples": 3, "deterministic": True, "database": "none", "allow-x00": False},
    # Each operation stands for itself: what was changed by the one before is undone.
    "phases": {"stateful": {"enabled": False}},
    "operations": [
        {
            "include-operation-id": operation.operation_id,
            "checks": {"positive_data_acceptance": {"expected-statuses": [*ACCEPTED, 422]}},
        }
        for operation in OPERATIONS
        if operation.name in PARTLY_REFUSED
    ],
}


def _image() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (24, 16), "teal").save(file, "PNG")
    return file.getvalue()


def _describe_formats() -> None:
    """Describe the formats of the description; some that are made up otherwise are allowed but strange."""
    moments = strategies.datetimes().filter(lambda moment: 2100 <= moment.year < 9999)
    formats = {
        "binary": strategies.just(_image()),
        "uri": strategies.just("https://images.example.org/cat.png"),
        "email": strategies.from_regex(r"\A[a-z]{3,9}@example\.org\Z"),
        "date": moments.map(lambda moment: moment.date().isoformat()),
        "date-time": moments.map(lambda moment: moment.isoformat(timespec="seconds") + "Z"),
    }
    for name, strategy in formats.items():
        schemathesis.openapi.format(name, strategy)


_describe_formats()


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """The application behind a real server."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


# A remark about the speed of a test that has large arguments.
@pytest.mark.filterwarnings("ignore:Generating overly large repr")
def test_every_answer_is_as_described(app: Flask, address: str, session: Session) -> None:
    described = schemathesis.openapi.from_dict(
        document(OPERATIONS), config=SchemathesisConfig.from_dict(CONFIG)
    )
    described.config.base_url = address

    @described.auth(refresh_interval=None)
    class SignIn:
        def get(self, _case: schemathesis.Case, _context: schemathesis.AuthContext) -> str:
            return as_at_first(app, session, address)

        def set(self, case: schemathesis.Case, data: str, _context: schemathesis.AuthContext) -> None:
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}

    events = list(from_schema(described).execute())

    # As texts: to show the events themselves would take minutes.
    errors = [str(event.exception) for event in events if isinstance(event, FatalError)]
    errors += [str(event.value) for event in events if isinstance(event, NonFatalError)]
    recorders = [event.recorder for event in events if isinstance(event, ScenarioFinished)]
    errors += [
        f"{check.name}: {check.failure_info.failure}\n{check.failure_info.code_sample}"
        for recorder in recorders
        for checks in recorder.checks.values()
        for check in checks
        if check.failure_info is not None
    ]
    assert not errors, "\n\n".join(errors)
    called = {recorder.label for recorder in recorders if recorder.interactions}
    assert len(called) == len(OPERATIONS)


def test_the_operations_that_may_refuse_are_there() -> None:
    assert set(PARTLY_REFUSED) <= {operation.name for operation in OPERATIONS}


def as_at_first(app: Flask, session: Session, address: str) -> str:
    """Undo what the requests before have made of the settings and the admin's account; return a token of it."""
    session.rollback()
    session.execute(delete(Setting))
    app.extensions["upscaler"].settings._cached = None
    account = session.scalar(select(Account).where(Account.username == "admin"))
    if account is None:
        account = new_account(session, "admin", ADMIN_ROLE)
    account.password, account.active = PASSWORD_HASH, True
    account.roles = [ensure_roles(session)[ADMIN_ROLE]]
    session.commit()
    limiter.reset()
    credentials = {"username": "admin", "password": PASSWORD}
    answer = requests.post(f"{address}/api/v1/auth/login", json=credentials, timeout=30)
    return str(answer.json()["access_token"])
