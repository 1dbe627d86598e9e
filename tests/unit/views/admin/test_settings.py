from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from sqlalchemy.orm import Session

from tests.support.application import application
from upscaler.models import AuditLog, Setting
from upscaler.services.settings.definitions import DEFINITIONS
from upscaler.views.admin.settings import FIXED, _fixed

PATH = "/admin/settings"


def form(page: str) -> dict[str, object]:
    """Return what a browser would send if nothing was changed on the page."""
    fields: dict[str, object] = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page))
    for name, choices in re.findall(r'<select[^>]* name="(\w+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        fields[name] = re.findall(r"<option selected>(\w+)", choices)[0]
    for name in (key for key, definition in DEFINITIONS.items() if definition.several):
        fields[name] = re.findall(rf'name="{name}" value="([^"]+)" checked', page)
    return fields


def stored(session: Session) -> dict[str, object]:
    return {row.key: row.value for row in session.query(Setting)}


def test_every_setting_has_a_labelled_field_with_its_value(admin) -> None:
    page = admin.get(PATH).text

    assert set(DEFINITIONS) <= set(form(page))
    assert form(page)["max_upload_size_bytes"] == "15000000"
    for definition in DEFINITIONS.values():
        assert definition.mark.label in page
        assert definition.mark.group in page


def test_a_change_is_stored_and_noted(admin, session: Session, trail: Callable[..., list[AuditLog]]) -> None:
    fields = form(admin.get(PATH).text)

    answer = admin.post(PATH, {**fields, "queue_limit": " 7 ", "allowed_mimes": ["image/png"]})

    assert answer.location == PATH
    assert stored(session) == {"queue_limit": 7, "allowed_mimes": ["image/png"]}
    assert [(row.entity_id, row.username) for row in trail("setting.change")] == [
        ("allowed_mimes", "abdullah"),
        ("queue_limit", "abdullah"),
    ]
    assert trail("setting.change")[1].details == {"from": 1000, "to": 7}
    assert form(admin.get(PATH).text)["queue_limit"] == "7"


def test_an_unusable_value_is_explained_beside_its_field_and_nothing_is_stored(
    admin, session: Session
) -> None:
    fields = form(admin.get(PATH).text)

    answer = admin.post(
        PATH, {**fields, "queue_limit": "many", "rate_limit": "often", "link_ttl_seconds": "60"}
    )

    assert answer.status_code == 422
    assert "Enter a whole number from 1 to 10000000." in answer.text
    assert "Enter a rate such as 10 per hour, or off." in answer.text
    assert form(answer.text)["queue_limit"] == "many"
    assert form(answer.text)["link_ttl_seconds"] == "60"
    assert stored(session) == {}


def test_no_kind_of_image_at_all_is_refused(admin, session: Session) -> None:
    fields = form(admin.get(PATH).text)

    assert admin.post(PATH, {**fields, "allowed_mimes": []}).status_code == 422
    assert stored(session) == {}


def test_a_form_that_was_open_for_long_takes_no_later_change_back(admin, session: Session) -> None:
    old = form(admin.get(PATH).text)
    admin.post(PATH, {**old, "queue_limit": "7"})

    admin.post(PATH, {**old, "max_image_side": "4000"})

    assert stored(session) == {"queue_limit": 7, "max_image_side": 4000}


def test_fields_that_the_form_does_not_have_are_ignored(admin, session: Session) -> None:
    assert admin.post(PATH, {"queue_limit": "7", "secret_key": "mine"}).status_code == 303
    assert stored(session) == {}


def test_what_the_environment_decides_is_shown_and_no_secret(admin) -> None:
    page = admin.get("/admin/settings").text

    assert "Set in the environment" in page
    for name in FIXED:
        assert f">{name}</dt>" in page
        assert (
            not any(word in name for word in ("KEY", "SECRET", "PASS", "TOKEN", "URL"))
            or name == "FETCH_URLS"
        )


def test_what_the_environment_decides_is_shown_as_it_was_entered(tmp_path: Path) -> None:
    networks = "10.1.2.0/24, fd00::/8"
    with application(DATA_DIR=str(tmp_path), WEBHOOK_ALLOWED_NETWORKS=networks):
        assert _fixed()["WEBHOOK_ALLOWED_NETWORKS"] == networks
        assert _fixed()["FETCH_URLS"] == "on"
