"""scheduling: priorities, fairness between submitters, measured times."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column('jobs', sa.Column('priority', sa.Integer(), server_default='10', nullable=False))
    op.add_column('jobs', sa.Column('submitter', sa.String(length=32), server_default='', nullable=False))
    op.add_column('jobs', sa.Column('not_before', sa.DateTime(timezone=True), nullable=True))
    op.add_column('jobs', sa.Column('work_seconds', sa.Float(), nullable=True))
    op.create_index('ix_jobs_started_at', 'jobs', ['started_at'], unique=False)


def downgrade() -> None:
    """Undo."""
    op.drop_index('ix_jobs_started_at', table_name='jobs')
    op.drop_column('jobs', 'work_seconds')
    op.drop_column('jobs', 'not_before')
    op.drop_column('jobs', 'submitter')
    op.drop_column('jobs', 'priority')
