"""uploads.jpeg_quality and previews.jpeg_quality: the compression that an image went through, for the choice of models."""

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


def downgrade() -> None:
    """Undo."""
    for table in ('uploads', 'previews'):
        op.drop_column(table, 'jpeg_quality')
