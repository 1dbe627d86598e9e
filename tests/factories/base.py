"""The step that all factories share."""

from __future__ import annotations

from typing import TypeVar

from sqlalchemy.orm import Session

Row = TypeVar("Row")


def stored(session: Session, row: Row) -> Row:
    """Commit a new row and return it."""
    session.add(row)
    session.commit()
    return row
