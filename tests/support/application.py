"""The application in this process, on an empty database of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from flask_appbuilder import Model

from config import load
from upscaler import create_app
from upscaler.extensions import db


@contextmanager
def application(**settings: str) -> Iterator[Flask]:
    """Build it from settings, and give it within an application context."""
    app = create_app(load(settings, env_file=None))
    with app.app_context():
        Model.metadata.create_all(db.engine)
        yield app
        db.session.remove()
        db.engine.dispose()
    app.extensions["upscaler"].submissions.close()
