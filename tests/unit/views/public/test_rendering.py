from __future__ import annotations

from flask import Flask
from flask_babel import force_locale

from upscaler.errors import InvalidAccount
from upscaler.views.public.rendering import available_languages, render_error, script_config


def test_each_language_has_its_own_name(site: Flask) -> None:
    assert available_languages()["ar"] == "العربية"


def test_scripts_read_the_language_and_the_root_of_the_site(site: Flask) -> None:
    with site.test_request_context(base_url="http://localhost/images"), force_locale("ar"):
        read = script_config({"max": 1})

    assert (read["locale"], read["root"], read["limits"]) == ("ar", "/images", {"max": 1})
    assert "image/png" in read["shown_mimes"]


def test_the_page_of_an_error_has_its_status_sentence_and_direction(app: Flask) -> None:
    error = InvalidAccount("username", "Use up to %(limit)s characters.", limit=64)
    with app.test_request_context(), force_locale("ar"):
        page, status = render_error(error)

    assert status == error.status
    assert 'dir="rtl"' in page
    assert "64" in page
