"""The languages of pages and messages, and the choice of one for each request."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from babel import Locale
from flask import Flask, Response, current_app, has_request_context, request

from config import ROOT

DEFAULT = "en"
# The cookie that remembers a choice. Not part of the session, which visitors have none of.
COOKIE = "locale"
_COOKIE_SECONDS = 365 * 24 * 3600


def languages(folder: Path) -> dict[str, dict[str, str]]:
    """Return the languages that have a catalogue in ``folder``, each with its own name; the default comes first.

    A language needs nothing but that catalogue: its name and its direction of writing come from Babel.
    """
    tags = {catalogue.parts[-3] for catalogue in folder.glob("*/LC_MESSAGES/messages.po")}
    return {tag: {"name": _own_name(tag)} for tag in sorted(tags, key=lambda tag: (tag != DEFAULT, tag))}


def _own_name(tag: str) -> str:
    name = Locale.parse(tag).get_display_name() or tag
    return name[0].upper() + name[1:]


LANGUAGES: Mapping[str, Mapping[str, str]] = MappingProxyType(languages(ROOT / "translations"))


def init_app(app: Flask) -> None:
    """Install our choice of language: Flask-AppBuilder's ignores browsers and writes a cookie on every visit."""
    app.extensions["babel"].locale_selector = select_locale


def remember(response: Response, tag: str) -> None:
    """Have the browser remember the language with this tag."""
    sessions = current_app.session_interface
    response.set_cookie(
        COOKIE,
        tag,
        max_age=_COOKIE_SECONDS,
        path=sessions.get_cookie_path(current_app),
        secure=sessions.get_cookie_secure(current_app),
        httponly=True,
        samesite="Lax",
    )


def select_locale() -> str:
    """Return the language the visitor chose, else the best that the browser asks for, else English."""
    if not has_request_context():
        return DEFAULT
    offered = current_app.config["LANGUAGES"]
    chosen = request.cookies.get(COOKIE)
    if chosen in offered:
        return str(chosen)
    return request.accept_languages.best_match(offered, DEFAULT) or DEFAULT
