"""Fixtures for unit tests: an empty database with all tables, rows, and the services."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from flask_appbuilder import Model
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from config import load
from tests import factories
from upscaler.models import Job
from upscaler.models.database import make_engine
from upscaler.services.registry import Services
from upscaler.tasks.queue import HueyQueue, build_huey


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Engine]:
    """An empty SQLite database with all tables."""
    engine = make_engine(f"sqlite:///{tmp_path / 'unit.db'}")
    Model.metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def db_session(database: Engine) -> Iterator[Session]:
    with Session(database, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def new_job(db_session: Session) -> Callable[..., Job]:
    """The factory of jobs, on the test's database."""

    return partial(factories.new_job, db_session)


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    """The services over a local storage and a real queue of their own."""
    config = load({"DATA_DIR": str(tmp_path)}, env_file=None)
    queue = HueyQueue(build_huey(config))
    built = Services.from_config(config, queue=queue)
    yield built
    built.submissions.close()
