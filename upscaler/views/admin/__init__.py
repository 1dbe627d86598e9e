"""The operator's console, on Flask-AppBuilder."""

from __future__ import annotations

from flask import Flask
from flask_babel import Babel

from upscaler.extensions import db
from upscaler.views.admin import formatting
from upscaler.views.admin.builder import ConsoleBuilder, register_pages
from upscaler.views.admin.configuration import console_config
from upscaler.views.admin.dashboard import ConsoleIndex
from upscaler.views.admin.security import ConsoleSecurity
from upscaler.views.localization import select_locale


def init_app(app: Flask) -> None:
    """Add the console to an application whose database and services are ready."""
    app.config.update(console_config())
    formatting.init_app(app)
    app.jinja_env.globals["page_direction"] = formatting.page_direction
    catalogues = app.config["BABEL_TRANSLATION_DIRECTORIES"]
    builder = ConsoleBuilder(indexview=ConsoleIndex, security_manager_class=ConsoleSecurity)
    with app.app_context():
        builder.init_app(app, db.session)
        register_pages(builder)
    # Flask-AppBuilder adds its catalogues and chooses languages in its own way; none of its words are shown.
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = catalogues
    Babel(app, locale_selector=select_locale)
