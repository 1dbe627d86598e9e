from __future__ import annotations

from flask_appbuilder import Model
from sqlalchemy.orm import Session

from tests import factories
from upscaler import models

BUILT = [getattr(factories, name) for name in factories.__all__ if name.startswith("new_")]
# Rows that the service itself keeps complete, such as the roles.
TABLES = {
    kind
    for name in models.__all__
    if isinstance(kind := getattr(models, name), type) and issubclass(kind, Model)
} - {models.Role}


def test_each_table_has_one_factory_which_stores_a_row(db_session: Session) -> None:
    made = []
    for build in BUILT:
        for table in reversed(Model.metadata.sorted_tables):
            db_session.execute(table.delete())
        db_session.expunge_all()
        row = build(db_session)
        db_session.refresh(row)
        made.append(type(row))

    assert len(made) == len(set(made))
    assert set(made) == TABLES
