from __future__ import annotations

from datetime import datetime, timezone

import pytest
from flask import Flask
from flask_appbuilder.models.filters import BaseFilter
from flask_appbuilder.models.sqla.interface import SQLAInterface
from sqlalchemy.orm import Session

from tests import factories
from upscaler.models import ADMIN_ROLE, Account, Job
from upscaler.views.admin import filters


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2025-12-07", datetime(2025, 12, 7, tzinfo=timezone.utc)),
        ("0001-01-01", None),
        ("9999-12-31", None),
        ("soon", None),
        ("", None),
    ],
)
def test_a_day_begins_at_midnight_in_utc(text: str, moment: datetime | None) -> None:
    assert filters.midnight(text) == moment


@pytest.mark.parametrize(
    ("kind", "column", "value", "found"),
    [
        (filters.Contains, "model", "ANIME", {"new"}),
        (filters.Equals, "model", "anime", set()),
        (filters.Equals, "model", "anime-2", {"new"}),
        (filters.Since, "created_at", "2025-12-07", {"new"}),
        (filters.Since, "created_at", "soon", {"old", "new"}),
        (filters.Until, "created_at", "2025-12-06", {"old"}),
        (filters.Until, "created_at", "2025-12-07", {"old", "new"}),
        (filters.JobSearch, "id", "new", {"new"}),
        (filters.OwnerContains, "owner", "-", {"old", "new"}),
    ],
)
def test_jobs_are_narrowed(
    app: Flask, session: Session, kind: type[BaseFilter], column: str, value: str, found: set[str]
) -> None:
    for name, model, day in (("old", "photo-1", 6), ("new", "anime-2", 7)):
        moment = datetime(2025, 12, day, 23, 59, tzinfo=timezone.utc)
        factories.new_job(session, f"{name}.png", model=model, created_at=moment)

    rows = kind(column, SQLAInterface(Job, session)).apply(session.query(Job).join(Job.upload), value)

    assert {row.upload.original_filename.removesuffix(".png") for row in rows} == found


@pytest.mark.parametrize(
    ("kind", "value", "found"),
    [
        (filters.HasRole, ADMIN_ROLE, {"abdullah"}),
        (filters.HasRole, "User", {"layla"}),
        (filters.IsActive, "yes", {"abdullah"}),
        (filters.IsActive, "no", {"layla"}),
        (filters.UserSearch, "LAYLA@", {"layla"}),
    ],
)
def test_accounts_are_narrowed(session: Session, kind: type[BaseFilter], value: str, found: set[str]) -> None:
    factories.new_account(session, "abdullah", ADMIN_ROLE)
    factories.new_account(session, "layla", active=False)

    rows = kind("username", SQLAInterface(Account, session)).apply(session.query(Account), value)

    assert {row.username for row in rows} == found
