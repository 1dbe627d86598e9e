"""The assembly of the web application."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask

import config as configuration
from config import derived_keys, keys
from upscaler import logs
from upscaler.extensions import csrf, db, migrate
from upscaler.models.database import engine_options, prepare_engine
from upscaler.services.registry import Services
from upscaler.tasks.queue import REDIS_TIMEOUTS, HueyQueue, build_huey
from upscaler.views import (
    admin,
    api,
    archives,
    converters,
    errors,
    files,
    localization,
    metrics,
    middleware,
    proxies,
    public,
    security,
)
from upscaler.views.api import tokens
from upscaler.views.api.upload_request import UploadRequest
from upscaler.views.limiter import limiter
from upscaler.views.sessions import SiteSessions


def build(config: configuration.Config | None = None) -> Flask:
    """Build the application; see ``upscaler.create_app``."""
    config = config or configuration.load()
    logs.configure(config.log_level, config.log_format, config.logs_dir / "web.log")
    app = Flask("upscaler")
    converters.init_app(app)
    app.request_class = UploadRequest
    app.config.from_mapping(_flask_settings(config))
    app.session_interface = SiteSessions()
    proxies.init_app(app, config.trusted_proxies)
    app.extensions["config"] = config
    services = Services.from_config(config, queue=HueyQueue(build_huey(config)))
    services.prepare()
    app.extensions["upscaler"] = services
    db.init_app(app)
    with app.app_context():
        prepare_engine(db.engine)
    migrate.init_app(app, db, directory=str(configuration.ROOT / "migrations"))
    csrf.init_app(app)
    middleware.init_app(app, config)
    limiter.init_app(app)
    security.init_app(app)
    public.init_app(app)
    app.register_blueprint(api.build_blueprint())
    files.init_app(app)
    archives.init_app(app)
    metrics.init_app(app)
    admin.init_app(app)
    tokens.init_app(app)
    localization.init_app(app)
    errors.init_app(app)
    return app


def _flask_settings(config: configuration.Config) -> dict[str, object]:
    session_key, *older_session_keys = derived_keys(config, keys.SESSIONS)
    return {
        "SECRET_KEY": session_key,
        "SECRET_KEY_FALLBACKS": older_session_keys,
        "SQLALCHEMY_DATABASE_URI": config.database_uri,
        "SQLALCHEMY_ENGINE_OPTIONS": engine_options(config.database_uri),
        "SESSION_COOKIE_HTTPONLY": True,
        # A link from another site finds people signed in. What changes something needs a token as well.
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": config.production,
        "PERMANENT_SESSION_LIFETIME": timedelta(hours=12),
        "JWT_SECRET_KEY": derived_keys(config, keys.TOKENS)[0],
        # views.security checks forms and the API in one place.
        "WTF_CSRF_CHECK_DEFAULT": False,
        "WTF_CSRF_TIME_LIMIT": None,
        "RATELIMIT_STORAGE_URI": config.redis_url or "memory://",
        # Where Redis does not answer in time, the limits count in memory.
        "RATELIMIT_STORAGE_OPTIONS": REDIS_TIMEOUTS if config.redis_url else {},
        "LANGUAGES": localization.LANGUAGES,
        "BABEL_DEFAULT_LOCALE": "en",
        "BABEL_TRANSLATION_DIRECTORIES": str(configuration.ROOT / "translations"),
        "APP_NAME": "ImageUpscalerPro",
        "TEMPLATES_AUTO_RELOAD": False,
    }
