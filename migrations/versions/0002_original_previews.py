"""previews of originals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column('jobs', sa.Column('original_preview_path', sa.String(length=255), nullable=True))


def downgrade() -> None:
    """Undo."""
    op.drop_column('jobs', 'original_preview_path')
