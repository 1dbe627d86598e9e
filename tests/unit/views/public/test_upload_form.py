from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.application import application
from upscaler.engine.options import FACTORS, OPTIONS, PRESETS
from upscaler.views.public.upload_form import upload_options

MAIL = {
    "SMTP_HOST": "127.0.0.1",
    "MAIL_FROM": "images@example.org",
    "PUBLIC_URL": "https://images.example.org",
}


@pytest.fixture
def mailing_app(tmp_path: Path) -> Iterator[Flask]:
    with application(DATA_DIR=str(tmp_path), RATE_LIMIT="off", **MAIL) as app:
        yield app


def test_it_offers_each_option_of_the_page_with_its_values(site):
    controls = upload_options("photo", FACTORS)
    assert list(controls) == [name for name, option in OPTIONS.items() if option.on_page]
    assert tuple(value for value, _ in controls["preset"].choices) == PRESETS
    assert controls["preset"].value == "photo"
    assert [value for value, _ in controls["detail"].choices] == ["", "0", "50", "100"]
    assert controls["quality"].allowed == range(1, 101)


@pytest.mark.parametrize(
    ("offered", "first"), [(FACTORS, "2x"), (["4x", "8x"], "4x"), (["2x"], "2x"), (["3x", "2x"], "2x")]
)
def test_it_offers_the_factors_of_the_service(site, offered, first):
    factor = upload_options("standard", offered)["factor"]
    assert {value for value, _ in factor.choices} == set(offered)
    assert factor.value == first


def test_the_page_asks_for_no_address_where_no_mail_is_set_up(client: FlaskClient) -> None:
    assert 'type="email"' not in client.get("/").text


@pytest.mark.parametrize(
    ("language", "label", "hint"),
    [
        ("en", "E-mail address (optional)", "The address is deleted after 30 days."),
        ("ar", "عنوان البريد الإلكتروني (اختياري)", "يُحذف العنوان بعد 30 يومًا."),
    ],
)
def test_the_page_asks_for_an_address_where_mail_is_set_up(
    mailing_app: Flask, language: str, label: str, hint: str
) -> None:
    page = mailing_app.test_client().get("/", headers={"Accept-Language": language}).text

    assert f'<label class="hint" for="email">{label}</label>' in page
    assert hint in page
