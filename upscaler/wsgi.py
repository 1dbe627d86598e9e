"""The application of a web process, for any WSGI server; ``upscaler.web`` serves it with the one of this project."""

from __future__ import annotations

import sys

from flask import Flask

from config import Config, ConfigError
from upscaler import create_app
from upscaler.services.files.workspace import remove_abandoned_later
from upscaler.storage import StorageSettingsError


def create() -> Flask:
    """Build the application of a web process; exit with one line when a setting cannot be used."""
    try:
        app = create_app()
    except (ConfigError, StorageSettingsError) as error:
        print(f"ImageUpscalerPro cannot start: {error}", file=sys.stderr)
        raise SystemExit(1) from None
    config: Config = app.extensions["config"]
    remove_abandoned_later(config.scratch_dir)
    return app
