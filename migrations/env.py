"""Alembic's connection to the database and its tables. Runs inside ``flask db`` and ``scripts/prepare.py``."""

from __future__ import annotations

from typing import Any

from alembic import context
from alembic.autogenerate.api import AutogenContext
from flask import current_app

from upscaler.models.types import UTCDateTime


def render_item(kind: str, item: Any, _context: AutogenContext) -> str | bool:
    """Write our column types as plain ones: a migration must run long after the code of its day is gone."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def run() -> None:
    """Run the migrations on the application's database."""
    database = current_app.extensions["migrate"].db
    with database.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=database.metadata,
            render_item=render_item,
            # SQLite changes a table by copying it.
            render_as_batch=True,
            compare_type=True,
            compare_server_default=False,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
