from __future__ import annotations

from pathlib import Path

from flask import Flask
from flask_babel import Babel

from config import ROOT
from upscaler.views.localization import LANGUAGES, languages, select_locale


def test_the_languages_are_those_with_a_catalogue_the_default_first(tmp_path: Path) -> None:
    for tag in ("ar", "de", "en", "pt_BR"):
        (tmp_path / tag / "LC_MESSAGES").mkdir(parents=True)
        (tmp_path / tag / "LC_MESSAGES" / "messages.po").touch()
    (tmp_path / "drafts").mkdir()

    assert languages(tmp_path) == {
        "en": {"name": "English"},
        "ar": {"name": "العربية"},
        "de": {"name": "Deutsch"},
        "pt_BR": {"name": "Português (Brasil)"},
    }


def test_the_site_has_the_languages_of_the_repository() -> None:
    assert set(LANGUAGES) == {path.parts[-3] for path in ROOT.glob("translations/*/LC_MESSAGES/messages.po")}


def test_a_browser_gets_the_language_that_it_prefers_among_those_on_offer() -> None:
    app = Flask("upscaler")
    app.config["LANGUAGES"] = {"en": {"name": "English"}, "pt_BR": {"name": "Português (Brasil)"}}
    Babel(app, locale_selector=select_locale)

    for accepted, expected in (("pt-BR,pt;q=0.9", "pt_BR"), ("fr, en;q=0.5", "en"), ("fr", "en"), ("", "en")):
        with app.test_request_context(headers={"Accept-Language": accepted}):
            assert select_locale() == expected
