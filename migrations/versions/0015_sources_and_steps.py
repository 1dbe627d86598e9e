"""The JPEG compression that images went through, for the choice of models; a finer progress of jobs, and their step."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    for table in ('uploads', 'previews'):
        op.add_column(table, sa.Column('jpeg_quality', sa.Integer(), nullable=True))
    op.add_column('jobs', sa.Column('share_done', sa.Float(), nullable=True))
    op.add_column('jobs', sa.Column('step', sa.String(length=16), nullable=True))


def downgrade() -> None:
    """Undo."""
    op.drop_column('jobs', 'step')
    op.drop_column('jobs', 'share_done')
    for table in ('uploads', 'previews'):
        op.drop_column(table, 'jpeg_quality')
