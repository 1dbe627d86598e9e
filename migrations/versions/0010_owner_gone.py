"""jobs.owner_gone and batches.owner_gone: whose account was deleted, and who were never anybody's."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None

_TABLES = ('jobs', 'batches')


def upgrade() -> None:
    """Apply."""
    for table in _TABLES:
        op.add_column(
            table, sa.Column('owner_gone', sa.Boolean(), server_default=sa.false(), nullable=False)
        )


def downgrade() -> None:
    """Undo."""
    for table in _TABLES:
        op.drop_column(table, 'owner_gone')
