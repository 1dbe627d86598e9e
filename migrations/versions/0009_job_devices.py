"""jobs.device: what a job ran on, for estimates."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column('jobs', sa.Column('device', sa.String(length=128), nullable=True))


def downgrade() -> None:
    """Undo."""
    op.drop_column('jobs', 'device')
