"""jobs.recipe: the models that were chosen, beside jobs.model, what really ran."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column('jobs', sa.Column('recipe', sa.String(length=128), nullable=False, server_default=''))
    op.execute('UPDATE jobs SET recipe = model')


def downgrade() -> None:
    """Undo."""
    op.execute("UPDATE jobs SET model = recipe WHERE recipe <> ''")
    op.drop_column('jobs', 'recipe')
