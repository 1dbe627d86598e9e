"""loose_files: files that no row points to yet, so that a sweep can find them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table('loose_files',
    sa.Column('key', sa.String(length=255), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('doomed_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('key')
    )
    with op.batch_alter_table('loose_files', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_loose_files_created_at'), ['created_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_loose_files_doomed_at'), ['doomed_at'], unique=False)


def downgrade() -> None:
    """Undo."""
    op.drop_table('loose_files')
