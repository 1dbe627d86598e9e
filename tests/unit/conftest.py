"""What unit tests share: an empty database with all tables, and rows to work on."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask_appbuilder import Model
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from config import load
from upscaler.models import Job, Upload
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
    """Return a function that stores an upload and a queued job of it."""

    def build(**values: Any) -> Job:
        upload = Upload(
            original_filename="cat.png",
            storage_path=f"uploads/{secrets.token_hex(8)}.png",
            mime_type="image/png",
            size_bytes=1000,
            width=100,
            height=80,
            sha256="0" * 64,
        )
        db_session.add(upload)
        db_session.flush()
        job = Job(upload_id=upload.id, params={"factor": "2x"}, model="some-network", **values)
        db_session.add(job)
        db_session.commit()
        return job

    return build


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    """The services over a local storage and a real queue of their own."""
    config = load({"DATA_DIR": str(tmp_path)}, env_file=None)
    queue = HueyQueue(build_huey(config))
    built = Services.from_config(config, queue=queue)
    yield built
    built.submissions.close()
