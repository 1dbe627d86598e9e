from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from config import load
from tests import factories
from tests.support.clock import Clock
from upscaler.errors import InvalidParameter, UnknownParameter
from upscaler.models import AuditLog, Setting
from upscaler.services.audit import Actor
from upscaler.services.settings.runtime import CACHE_SECONDS, RuntimeSettings

DATABASES = ("sqlite", "postgresql")

ADMIN = Actor(None, "abdullah", "192.0.2.1")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def settings(clock: Clock) -> RuntimeSettings:
    return RuntimeSettings(load({}, env_file=None), clock)


def test_the_environment_counts_until_an_admin_changes_a_value(
    settings: RuntimeSettings, db_session: Session
) -> None:
    assert settings.values(db_session).queue_limit == 1000

    settings.update(db_session, ADMIN, {"queue_limit": "5"})

    assert settings.values(db_session).queue_limit == 5


def test_a_change_leaves_a_row_with_old_and_new_value(settings: RuntimeSettings, db_session: Session) -> None:
    settings.update(db_session, ADMIN, {"queue_limit": 5, "rate_limit": "10 per hour"})

    rows = db_session.scalars(select(AuditLog)).all()
    assert [(row.username, row.action, row.entity_id, row.details) for row in rows] == [
        ("abdullah", "setting.change", "queue_limit", {"from": 1000, "to": 5})
    ]


def test_a_change_is_compared_with_what_another_process_has_just_stored(
    settings: RuntimeSettings, db_session: Session
) -> None:
    assert settings.values(db_session).queue_limit == 1000
    factories.new_setting(db_session, "queue_limit", 7)

    settings.update(db_session, ADMIN, {"queue_limit": 1000})

    assert settings.values(db_session).queue_limit == 1000
    assert db_session.get_one(Setting, "queue_limit").value == 1000


def test_another_process_sees_a_change_when_its_cache_is_old(
    settings: RuntimeSettings, clock: Clock, db_session: Session
) -> None:
    assert settings.values(db_session).queue_limit == 1000
    factories.new_setting(db_session, "queue_limit", 7)
    assert settings.values(db_session).queue_limit == 1000

    clock.now += CACHE_SECONDS + 1

    assert settings.values(db_session).queue_limit == 7


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("queue_limit", "many"),
        ("queue_limit", 0),
        ("max_upload_size_bytes", "-5"),
        ("rate_limit", "often"),
        ("rate_limit", "0 per hour"),
        ("rate_limit", "10 per hour and more"),
        ("max_image_side", 500.5),
        ("require_login", "perhaps"),
        ("allowed_mimes", "text/html"),
        ("allowed_mimes", ""),
        ("default_preset", "magic"),
        ("link_ttl_seconds", None),
    ],
)
def test_one_bad_value_leaves_everything_as_it_was(
    settings: RuntimeSettings, db_session: Session, key: str, value: Any
) -> None:
    with pytest.raises(InvalidParameter):
        settings.update(db_session, ADMIN, {"max_image_side": 500, key: value})

    assert db_session.scalars(select(Setting)).all() == []


@pytest.mark.parametrize(
    ("key", "value", "stored"),
    [
        ("rate_limit", "10 per hour", "10 per hour"),
        ("rate_limit", "1/second; 100 per 2 days", "1/second; 100 per 2 days"),
        ("rate_limit", " OFF ", "off"),
        ("max_image_side", 500.0, 500),
        ("max_image_side", " 500 ", 500),
        ("require_login", True, True),
        ("require_login", "on", True),
    ],
)
def test_values_are_read_from_people_and_from_programs(
    settings: RuntimeSettings, db_session: Session, key: str, value: Any, stored: Any
) -> None:
    assert getattr(settings.update(db_session, ADMIN, {key: value}), key) == stored


def test_it_knows_its_settings_only(settings: RuntimeSettings, db_session: Session) -> None:
    with pytest.raises(UnknownParameter):
        settings.update(db_session, ADMIN, {"secret_key": "x"})


def test_it_reads_image_formats_from_a_line(settings: RuntimeSettings, db_session: Session) -> None:
    values = settings.update(db_session, ADMIN, {"allowed_mimes": "image/png, image/jpeg"})

    assert values.allowed_mimes == ("image/jpeg", "image/png")
    assert db_session.get_one(Setting, "allowed_mimes").value == ["image/jpeg", "image/png"]


def test_a_stored_value_that_this_version_cannot_use_gives_way_to_the_environment(
    settings: RuntimeSettings, db_session: Session
) -> None:
    factories.new_setting(db_session, "factors", ["2x", "16x"])
    factories.new_setting(db_session, "queue_limit", 7)

    values = settings.values(db_session)

    assert values.factors == ("2x", "3x", "4x", "8x")
    assert values.queue_limit == 7


def test_the_values_hold_no_secret(settings: RuntimeSettings, db_session: Session) -> None:
    assert not hasattr(settings.values(db_session), "secret_key")
