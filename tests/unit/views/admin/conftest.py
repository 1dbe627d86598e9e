"""The console in a real application on a database of its own, and people who are signed in to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_appbuilder import Model
from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from config import load
from tests import factories
from tests.factories import PASSWORD, PASSWORD_HASH
from upscaler import create_app
from upscaler.extensions import db
from upscaler.models import ADMIN_ROLE, Account, AuditLog, Job
from upscaler.services.accounts.roles import ensure_roles
from upscaler.services.models.model_table import sync_catalogue
from upscaler.storage import Storage
from upscaler.views.limiter import limiter

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    folder = tmp_path_factory.mktemp("console")
    application = create_app(load({"DATA_DIR": str(folder), "LOG_LEVEL": "ERROR"}, env_file=None))
    application.testing = True
    # What a password for an unknown name is compared with, to take as long as for a known one.
    application.config["AUTH_DB_FAKE_PASSWORD_HASH_CHECK"] = PASSWORD_HASH
    with application.app_context():
        Model.metadata.create_all(db.engine)
        ensure_roles(db.session())
        sync_catalogue(db.session())
    yield application
    with application.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """A session on the console's database, and afterwards a database without what the test left there."""
    with app.app_context():
        engine = db.engine
    # Not the application's own session: it belongs to an application context, and a context that stays open
    # here would be shared by all requests of the test.
    with Session(engine) as own:
        yield own
        own.rollback()
        for table in reversed(Model.metadata.sorted_tables):
            if table.name not in {"ab_role", "models"}:
                own.execute(delete(table))
        own.commit()
    # The next test must not see settings that this one changed.
    app.extensions["upscaler"].settings._cached = None
    limiter.reset()


class Person:
    """Somebody with a browser: remembers cookies, fills in forms with the token of the page."""

    def __init__(self, client: FlaskClient) -> None:
        self._client = client

    def get(self, path: str, **options: Any) -> TestResponse:
        return self._client.get(path, **options)

    def post(self, path: str, fields: dict[str, Any] | None = None, page: str | None = None) -> TestResponse:
        """Send a form as the page that shows it would; ``page`` is where the form is, else the same path."""
        found = TOKEN.search(self.get(page or path).text)
        assert found, f"there is no form on {page or path}"
        return self._client.post(path, data={"csrf_token": found[1], **(fields or {})})

    def post_without_token(self, path: str) -> TestResponse:
        return self._client.post(path)

    def sign_in(self, name: str, password: str = PASSWORD, target: str = "") -> TestResponse:
        path = f"/admin/login?next={target}" if target else "/admin/login"
        return self.post(path, {"username": name, "password": password})

    @property
    def cookie(self) -> str:
        found = self._client.get_cookie("session")
        return found.value if found else ""


@pytest.fixture
def new_account(session: Session) -> Callable[..., Account]:
    """The factory of accounts, on the application's database."""
    return partial(factories.new_account, session)


@pytest.fixture
def new_job(session: Session) -> Callable[..., Job]:
    """The factory of jobs, on the application's database."""
    return partial(factories.new_job, session)


@pytest.fixture
def new_person(app: Flask, session: Session) -> Callable[[], Person]:
    """Return a function that gives somebody else a browser, with cookies of their own."""
    return lambda: Person(app.test_client())


@pytest.fixture
def visitor(client: FlaskClient, session: Session) -> Person:
    return Person(client)


@pytest.fixture
def admin(client: FlaskClient, new_account: Callable[..., Account]) -> Person:
    """The admin ``abdullah``, signed in."""
    new_account("abdullah", ADMIN_ROLE)
    person = Person(client)
    person.sign_in("abdullah")
    return person


@pytest.fixture
def user(new_person: Callable[[], Person], new_account: Callable[..., Account]) -> Person:
    """The user ``layla``, signed in, who has no business in the console."""
    new_account("layla")
    person = new_person()
    person.sign_in("layla")
    return person


@pytest.fixture
def trail(session: Session) -> Callable[..., list[AuditLog]]:
    """Return a function that reads the rows of an action, the oldest first."""

    def read(action: str) -> list[AuditLog]:
        session.expire_all()
        return list(session.scalars(select(AuditLog).where(AuditLog.action == action).order_by(AuditLog.id)))

    return read


@pytest.fixture
def storage(app: Flask) -> Storage:
    kept: Storage = app.extensions["upscaler"].storage
    return kept


def keep_original(storage: Storage, job: Job, folder: Path) -> None:
    """Store something as the original of a job."""
    image = folder / "original.png"
    image.write_bytes(b"not read here")
    storage.save(job.upload.storage_path, image)
