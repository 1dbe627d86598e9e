"""the option keep_metadata: none, without_location and all in place of no, yes and all."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None

_VALUES = {'no': 'none', 'yes': 'without_location'}
_TABLES = ('jobs', 'previews')


def upgrade() -> None:
    """Apply."""
    _replace(_VALUES)


def downgrade() -> None:
    """Undo."""
    _replace({new: old for old, new in _VALUES.items()})


def _replace(values: dict[str, str]) -> None:
    connection = op.get_bind()
    for name in _TABLES:
        table = sa.table(name, sa.column('id', sa.String()), sa.column('params', sa.JSON()))
        rows = connection.execute(sa.select(table.c.id, table.c.params)).all()
        for row in rows:
            value = row.params.get('keep_metadata')
            if value in values:
                params = {**row.params, 'keep_metadata': values[value]}
                connection.execute(sa.update(table).where(table.c.id == row.id).values(params=params))
