"""The entry of WSGI servers: ``gunicorn "upscaler.wsgi:create()"``."""

from __future__ import annotations

import sys

from flask import Flask

from config import Config, ConfigError
from upscaler import create_app
from upscaler.services.files.workspace import remove_abandoned_later
from upscaler.storage import StorageSettingsError

# gunicorn ends when one of its processes ends with this status; at any other it starts the next one, for ever.
LOAD_ERROR = 4


def create() -> Flask:
    """Build the application of a web process; exit with one line when a setting cannot be used."""
    try:
        app = create_app()
    except (ConfigError, StorageSettingsError) as error:
        print(f"ImageUpscalerPro cannot start: {error}", file=sys.stderr)
        raise SystemExit(LOAD_ERROR) from None
    config: Config = app.extensions["config"]
    remove_abandoned_later(config.scratch_dir)
    return app
