"""An application over an empty database, without a worker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask_appbuilder import Model

from config import load
from upscaler import create_app
from upscaler.extensions import db


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    settings = {"DATA_DIR": str(tmp_path), "RATE_LIMIT": "2 per hour", "TRUSTED_PROXIES": "1"}
    app = create_app(load(settings, env_file=None))
    with app.app_context():
        Model.metadata.create_all(db.engine)
        yield app
        db.session.remove()
        db.engine.dispose()
    app.extensions["upscaler"].submissions.close()
