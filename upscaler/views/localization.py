"""In which language a page or a message is shown."""

from __future__ import annotations

from flask import Flask, current_app, has_request_context, request, session

# To add a language: a catalogue in translations/ and a line here. The flag is Flask-AppBuilder's name for an icon.
LANGUAGES = {"en": {"flag": "gb", "name": "English"}, "ar": {"flag": "sa", "name": "العربية"}}


def init_app(app: Flask) -> None:
    """Choose languages ourselves: Flask-AppBuilder's way ignores browsers and writes a cookie on every visit."""
    app.extensions["babel"].locale_selector = select_locale


def select_locale() -> str:
    """Return the language the visitor chose, else the best that the browser asks for, else English."""
    default = "en"
    if not has_request_context():
        return default
    languages = current_app.config["LANGUAGES"]
    chosen = session.get("locale")
    if chosen in languages:
        return str(chosen)
    return request.accept_languages.best_match(languages, default) or default
