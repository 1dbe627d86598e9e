"""An application over an empty database, without a worker, and programs that use it."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_appbuilder import Model
from jsonschema import Draft202012Validator
from PIL import Image
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from config import load
from tests import factories
from tests.factories import PASSWORD, PASSWORD_HASH
from upscaler import create_app
from upscaler.errors import EngineCrashed
from upscaler.extensions import db
from upscaler.models import ADMIN_ROLE, USER_ROLE, Account, Job, utcnow
from upscaler.services.accounts import api_keys
from upscaler.services.audit import Actor
from upscaler.services.jobs import lifecycle
from upscaler.views.api import OPERATIONS
from upscaler.views.api.openapi import document
from upscaler.views.limiter import limiter

NOBODY = Actor(None, "", "")


@pytest.fixture(scope="session")
def shared_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The application of ``app``, made once."""
    folder = tmp_path_factory.mktemp("api")
    settings = {"DATA_DIR": str(folder), "RATE_LIMIT": "off", "LOG_LEVEL": "ERROR"}
    built = create_app(load(settings, env_file=None))
    built.config["AUTH_DB_FAKE_PASSWORD_HASH_CHECK"] = PASSWORD_HASH
    with built.app_context():
        Model.metadata.create_all(db.engine)
    yield built
    with built.app_context():
        db.session.remove()
        db.engine.dispose()
    built.extensions["upscaler"].submissions.close()


@pytest.fixture
def session(shared_app: Flask) -> Iterator[Session]:
    """A session on the application's database, which the test leaves empty."""
    with shared_app.app_context():
        engine = db.engine
    # Not in an application context that stays open: all requests of the test would share it.
    with Session(engine) as own:
        yield own
        own.rollback()
        for table in reversed(Model.metadata.sorted_tables):
            own.execute(table.delete())
        own.commit()
    shared_app.extensions["upscaler"].settings._cached = None
    limiter.reset()


@pytest.fixture
def app(shared_app: Flask, session: Session) -> Flask:
    """An application for tests that need no settings of their own; without a limit on uploads."""
    return shared_app


@pytest.fixture
def new_account(session: Session) -> Callable[..., Account]:
    """The factory of accounts, on the application's database."""
    return partial(factories.new_account, session)


def check_answer(method: str, path: str, answer: TestResponse) -> None:
    """Fail unless the answer is one that the API's own description foresees."""
    described = document(OPERATIONS)
    full = f"/api/v1{path.partition('?')[0]}"
    for template, methods in described["paths"].items():
        # An exact path goes before one with a part to fill in, as it does in the routes.
        pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template))
        if not re.fullmatch(pattern, full) or method.lower() not in methods:
            continue
        responses = methods[method.lower()]["responses"]
        response = (
            responses.get(str(answer.status_code)) or responses["5XX" if answer.status_code >= 500 else "-"]
        )
        content = response.get("content", {})
        if content and answer.data:
            schema = content[answer.mimetype]["schema"]
            if answer.is_json and "gzip" not in answer.headers.get("Content-Encoding", ""):
                whole = {**schema, "components": described["components"]}
                Draft202012Validator(whole).validate(answer.get_json())
        return


def described(name: str) -> Draft202012Validator:
    """Return the API's own description of a request or response, by the name of its schema."""
    components = document(OPERATIONS)["components"]
    return Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": components})


class Program:
    """Something that calls the API, with a key or a token or without. Its answers are as described, or it fails."""

    def __init__(self, client: FlaskClient, credentials: str = "") -> None:
        self.client = client
        self.headers = {"Authorization": f"Bearer {credentials}"} if credentials else {}

    def request(self, method: str, path: str, **options: Any) -> TestResponse:
        headers = {**self.headers, **options.pop("headers", {})}
        answer = self.client.open(f"/api/v1{path}", method=method, headers=headers, **options)
        check_answer(method, path, answer)
        return answer

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> TestResponse:
        return self.request("POST", path, **options)

    def delete(self, path: str, **options: Any) -> TestResponse:
        return self.request("DELETE", path, **options)

    def upload(self, headers: dict[str, str] | None = None, **fields: str) -> TestResponse:
        """Send a small image."""
        form = {"file": (io.BytesIO(small_png()), "cat.png"), "factor": "2x", **fields}
        return self.post("/uploads", data=form, headers=headers or {})


def die(*_: object, **__: object) -> None:
    """Stand for the end of a host."""
    raise RuntimeError("the row is committed, the answer is not sent")


def small_png(colour: str = "teal") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def with_key(
    client: FlaskClient, session: Session, new_account: Callable[..., Account]
) -> Callable[..., Program]:
    """Return a function that makes an account, unless it is there, and a program with a key of it."""

    def build(
        name: str = "layla", role: str = USER_ROLE, scopes: tuple[str, ...] = ("read", "write")
    ) -> Program:
        account = session.query(Account).filter_by(username=name).one_or_none() or new_account(name, role)
        made = api_keys.create(session, NOBODY, account, "for tests", scopes)
        return Program(client, made.secret)

    return build


@pytest.fixture
def admin(with_key: Callable[..., Program]) -> Program:
    """A program with every right of the admin ``abdullah``."""
    return with_key("abdullah", ADMIN_ROLE, api_keys.SCOPES)


@pytest.fixture
def job_of(session: Session) -> Callable[[TestResponse], Job]:
    """Return a function that reads the job that an answer names."""

    def read(answer: TestResponse) -> Job:
        assert answer.status_code == 202, answer.text
        session.expire_all()
        return session.get_one(Job, answer.get_json()["job_id"])

    return read


@pytest.fixture
def finish(app: Flask, session: Session, tmp_path: Path) -> Callable[[str, bytes | None], None]:
    """Return a function that ends a job: with a result, or without one as failed."""

    def end(job_id: str, result: bytes | None) -> None:
        held = lifecycle.claim(session, job_id, "w", 60)
        assert held is not None
        if result is None:
            assert lifecycle.fail(session, job_id, lifecycle.held_by(held), EngineCrashed(reason="a test"))
            return
        (tmp_path / "result").write_bytes(result)
        key = f"results/{job_id}.png"
        app.extensions["upscaler"].storage.save(key, tmp_path / "result")
        values = {
            "result_path": key,
            "result_size_bytes": len(result),
            "result_sha256": hashlib.sha256(result).hexdigest(),
        }
        assert lifecycle.complete(session, held, values, [], utcnow())

    return end


def log_in(
    client: FlaskClient, name: str = "layla", password: str = PASSWORD, address: str = "127.0.0.1"
) -> Any:
    return client.post(
        "/api/v1/auth/login",
        json={"username": name, "password": password},
        environ_base={"REMOTE_ADDR": address},
    )


@pytest.fixture
def tokens(client: FlaskClient, new_account: Callable[..., Account]) -> dict[str, Any]:
    new_account("layla")
    answer = log_in(client)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    return dict(answer.get_json())


def refresh(client: FlaskClient, token: str) -> Any:
    return client.post("/api/v1/auth/refresh", json={"refresh_token": token})


def keys_with(client: FlaskClient, token: str) -> Any:
    return Program(client, token).get("/me/keys")


def faults(answer: TestResponse) -> list[tuple[str, str]]:
    """Return each parameter at fault of a refused request, with the code of its error, in the order of the answer."""
    assert answer.status_code == 422, answer.text
    problem = answer.get_json()
    assert problem["code"] == problem["errors"][0]["code"]
    return [(found["parameter"], found["code"]) for found in problem["errors"]]


def assert_refused(answer: Any, code: str = "invalid_credentials") -> None:
    assert (answer.status_code, answer.get_json()["code"]) == (401, code)
    assert answer.mimetype == "application/problem+json"
    assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="ImageUpscalerPro"')


# The largest file that ``fetching`` accepts, in bytes.
FETCH_LIMIT = 50_000


@pytest.fixture(scope="module")
def fetching(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """An application that may fetch from 127.0.0.1."""
    settings = {
        "DATA_DIR": str(tmp_path_factory.mktemp("fetching")),
        "RATE_LIMIT": "off",
        "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.1/32",
        "MAX_UPLOAD_SIZE_BYTES": str(FETCH_LIMIT),
    }
    app = create_app(load(settings, env_file=None))
    with app.app_context():
        Model.metadata.create_all(db.engine)
    yield app
    with app.app_context():
        db.engine.dispose()
    app.extensions["upscaler"].submissions.close()


@pytest.fixture
def caller(fetching: Flask) -> Program:
    return Program(fetching.test_client())
