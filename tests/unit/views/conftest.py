from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import Babel

from tests.support.application import application
from tests.unit.views.api.conftest import Program
from upscaler.views import converters, public
from upscaler.views.limiter import limiter
from upscaler.views.localization import LANGUAGES


@pytest.fixture
def site() -> Iterator[Flask]:
    """The public pages' routes with languages and nothing else; code under test runs inside a request."""
    app = Flask("upscaler")
    app.config.update(SECRET_KEY="for tests", LANGUAGES=LANGUAGES)
    Babel(app, default_translation_directories="../translations")
    converters.init_app(app)
    public.init_app(app)
    with app.test_request_context():
        yield app


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    """The whole application over an empty database, without a limit on uploads."""
    with application(DATA_DIR=str(tmp_path), RATE_LIMIT="off") as app:
        yield app
        limiter.reset()


@pytest.fixture
def client(client: FlaskClient) -> FlaskClient:
    """pytest-flask's client, whose context ends with each request: programs with other credentials share it."""
    client.preserve_context = False
    return client


@pytest.fixture
def visitor(client: FlaskClient) -> Program:
    """A program without credentials."""
    return Program(client)
