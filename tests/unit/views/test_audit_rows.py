"""The API and the console leave the same rows in the audit trail for the same acts."""

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
from sqlalchemy import select
from sqlalchemy.orm import Session

from config import load
from tests import factories
from tests.factories import PASSWORD, PASSWORD_HASH
from upscaler import create_app
from upscaler.extensions import db
from upscaler.models import ADMIN_ROLE, Account, AuditLog, Job
from upscaler.services.accounts import api_keys
from upscaler.services.audit import SYSTEM

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
NEW = {"username": "omar", "email": "omar@example.org", "first_name": "", "last_name": ""}
SECRET = "another long secret"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    # Not in an application context that stays open: all requests of a test would share it.
    app = create_app(load({"DATA_DIR": str(tmp_path), "RATE_LIMIT": "off"}, env_file=None))
    app.config["AUTH_DB_FAKE_PASSWORD_HASH_CHECK"] = PASSWORD_HASH
    with app.app_context():
        Model.metadata.create_all(db.engine)
    yield app
    with app.app_context():
        db.engine.dispose()
    app.extensions["upscaler"].submissions.close()


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    with app.app_context():
        engine = db.engine
    with Session(engine) as session:
        yield session


@pytest.fixture
def admin(session: Session) -> Account:
    return factories.new_account(session, "abdullah", ADMIN_ROLE)


Call = Callable[..., Any]


@pytest.fixture
def api(app: Flask, session: Session, admin: Account) -> Call:
    """Return a function that calls the API with tokens of the admin."""
    client = app.test_client()
    tokens = client.post("/api/v1/auth/login", json={"username": "abdullah", "password": PASSWORD}).get_json()

    def call(method: str, path: str, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        answer = client.open(f"/api/v1{path}", method=method, headers=headers, **options)
        assert answer.status_code < 400, answer.text
        return answer

    return call


def send_form(client: FlaskClient, path: str, page: str, **fields: Any) -> Any:
    token = TOKEN.search(client.get(page).text)
    assert token is not None
    answer = client.post(path, data={"csrf_token": token[1], **fields})
    assert answer.status_code < 400, answer.text
    return answer


@pytest.fixture
def console(client: FlaskClient, admin: Account) -> Call:
    """Return a function that sends a form of the console, signed in as the admin."""
    send_form(client, "/admin/login", "/admin/login", username="abdullah", password=PASSWORD)
    return partial(send_form, client)


@pytest.fixture
def rows_of(session: Session) -> Callable[[Callable[[], object]], list[tuple[Any, ...]]]:
    """Return a function that does something and returns the rows that it left, without ids of what it made."""

    def compare(act: Callable[[], object]) -> list[tuple[Any, ...]]:
        last = max(session.scalars(select(AuditLog.id)), default=0)
        session.commit()
        act()
        session.expire_all()
        rows = session.scalars(select(AuditLog).where(AuditLog.id > last).order_by(AuditLog.id)).all()
        session.commit()
        return [
            (row.username, row.action, row.entity_type, row.ip_address, _without_ids(row.details))
            for row in rows
        ]

    return compare


def _without_ids(details: dict[str, Any]) -> dict[str, Any]:
    return {name: "an id" if name == "new_job" else value for name, value in details.items()}


def new_job(app: Flask, session: Session, **values: Any) -> Job:
    """A job whose original is stored."""
    job = factories.new_job(session, **values)
    path = Path(app.extensions["config"].data_dir) / "original"
    path.write_bytes(b"pixels")
    app.extensions["upscaler"].storage.save(job.upload.storage_path, path)
    session.commit()
    return job


def test_acts_on_jobs(app: Flask, session: Session, api: Call, console: Call, rows_of: Call) -> None:
    done = {"status": "completed", "result_path": "results/ab/job_ab.png"}
    for action, values, by_api, by_console in (
        ("job.cancel", {}, ("POST", "/jobs/{}/cancel"), ("cancel", {})),
        ("job.requeue", {"status": "failed"}, ("POST", "/admin/jobs/{}/requeue"), ("requeue", {})),
        ("job.download", done, ("GET", "/jobs/{}/download"), ("download", {"file": "result"})),
        ("job.delete", {"status": "failed"}, ("DELETE", "/jobs/{}"), ("delete", {})),
    ):
        method, path = by_api
        first = new_job(app, session, **values).id
        rows = rows_of(lambda method=method, path=path, job=first: api(method, path.format(job)))
        for row in [*session.query(Job)]:
            session.delete(row)
        session.commit()
        name, fields = by_console
        second = new_job(app, session, **values).id
        page = f"/admin/job/{second}"
        same = rows_of(lambda name=name, page=page, fields=fields: console(f"{page}/{name}", page, **fields))

        assert [row[1] for row in rows] == [action]
        assert rows == same


def test_acts_on_accounts(session: Session, api: Call, console: Call, rows_of: Call) -> None:
    def number() -> int:
        session.expire_all()
        return session.scalars(select(Account.id).where(Account.username == "omar")).one()

    def by_api() -> None:
        api("POST", "/admin/users", json={**NEW, "password": SECRET})
        api("PATCH", f"/admin/users/{number()}", json={"first_name": "Omar"})
        api("POST", f"/admin/users/{number()}/password", json={"password": f"{SECRET}!"})
        api("DELETE", f"/admin/users/{number()}")

    def by_console() -> None:
        fields = {**NEW, "role": "User", "active": "y"}
        secret = {"password": SECRET, "again": SECRET}
        console("/admin/users/add", "/admin/users/add", **fields, **secret)
        page = f"/admin/users/{number()}"
        console(page, page, **{**fields, "first_name": "Omar"})
        console(f"{page}/password", f"{page}/password", **secret)
        console(f"{page}/delete", "/admin/users")

    rows = rows_of(by_api)

    assert [row[1] for row in rows] == ["user.create", "user.update", "user.reset_password", "user.delete"]
    assert rows == rows_of(by_console)


def test_acts_on_settings_and_keys(
    session: Session, admin: Account, api: Call, console: Call, rows_of: Call
) -> None:
    def by_api() -> None:
        api("PATCH", "/admin/settings", json={"queue_limit": 77})
        made = api("POST", "/me/keys", json={"name": "nightly", "scopes": ["read"]}).get_json()
        api("DELETE", f"/me/keys/{made['id']}")

    def by_console() -> None:
        fields = {"queue_limit": "77", "shown_queue_limit": "1000"}
        console("/admin/settings", "/admin/settings", **fields)
        console("/admin/keys", "/admin/keys", name="nightly", scopes=["read"])
        session.commit()
        [key] = [key for key in api_keys.keys_of(session, admin) if key.name == "nightly"]
        console(f"/admin/keys/{key.id}/revoke", "/admin/keys")

    rows = rows_of(by_api)
    api("PATCH", "/admin/settings", json={"queue_limit": 1000})

    assert [row[1] for row in rows] == ["setting.change", "key.create", "key.revoke"]
    assert rows == rows_of(by_console)


def test_signing_in_and_out(client: FlaskClient, admin: Account, rows_of: Call) -> None:
    def by_api() -> None:
        credentials = {"username": "abdullah", "password": PASSWORD}
        client.post("/api/v1/auth/login", json={**credentials, "password": "wrong"})
        token = client.post("/api/v1/auth/login", json=credentials).get_json()["access_token"]
        answer = client.post("/api/v1/auth/logout", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 204

    def by_console() -> None:
        page = "/admin/login"
        token = TOKEN.search(client.get(page).text)
        assert token is not None
        client.post(page, data={"csrf_token": token[1], "username": "abdullah", "password": "wrong"})
        send_form(client, page, page, username="abdullah", password=PASSWORD)
        send_form(client, "/admin/logout", "/admin/dashboard")

    rows = rows_of(by_api)

    assert [row[1] for row in rows] == ["login.failed", "login.success", "logout"]
    assert rows == rows_of(by_console)


def test_visitors_and_maintenance_leave_no_rows(
    app: Flask, client: FlaskClient, session: Session, rows_of: Call
) -> None:
    job = new_job(app, session, status="failed").id

    def act() -> None:
        assert client.post(f"/api/v1/jobs/{job}/retry").status_code == 202
        assert client.delete(f"/api/v1/jobs/{job}").status_code == 204

    assert rows_of(act) == []
    assert not SYSTEM.is_recorded
