"""pending_files and idempotency_records under their names, deliveries unique for each event."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def _rename(old: str, new: str, columns: list[str]) -> None:
    """Rename a table, and its indexes with it."""
    for column in columns:
        op.drop_index(f'ix_{old}_{column}', table_name=old)
    op.rename_table(old, new)
    for column in columns:
        op.create_index(f'ix_{new}_{column}', new, [column])


def upgrade() -> None:
    """Apply."""
    op.drop_index('ix_loose_files_doomed_at', table_name='loose_files')
    op.alter_column('loose_files', 'doomed_at', new_column_name='deleting_since')
    _rename('loose_files', 'pending_files', ['created_at'])
    op.create_index('ix_pending_files_deleting_since', 'pending_files', ['deleting_since'])

    _rename('kept_answers', 'idempotency_records', ['created_at'])
    with op.batch_alter_table('idempotency_records') as batch_op:
        batch_op.alter_column('token', new_column_name='claim_token', existing_type=sa.String(32), nullable=True)
        batch_op.add_column(sa.Column('lease_expires_at', sa.DateTime(timezone=True), nullable=True))

    op.add_column('deliveries', sa.Column('event', sa.String(length=32), nullable=True))
    # Only ends of jobs were reported until now, and a job ends once.
    op.execute("UPDATE deliveries SET event = 'job.' || (SELECT status FROM jobs WHERE jobs.id = deliveries.job_id)")
    with op.batch_alter_table('deliveries') as batch_op:
        batch_op.alter_column('event', existing_type=sa.String(32), nullable=False)
        batch_op.drop_constraint('uq_deliveries_job_id_kind', type_='unique')
        batch_op.create_unique_constraint('uq_deliveries_job_id_kind_event', ['job_id', 'kind', 'event'])


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table('deliveries') as batch_op:
        batch_op.drop_constraint('uq_deliveries_job_id_kind_event', type_='unique')
        batch_op.create_unique_constraint('uq_deliveries_job_id_kind', ['job_id', 'kind'])
        batch_op.drop_column('event')

    op.execute("UPDATE idempotency_records SET claim_token = '' WHERE claim_token IS NULL")
    with op.batch_alter_table('idempotency_records') as batch_op:
        batch_op.drop_column('lease_expires_at')
        batch_op.alter_column('claim_token', new_column_name='token', existing_type=sa.String(32), nullable=False)
    _rename('idempotency_records', 'kept_answers', ['created_at'])

    op.drop_index('ix_pending_files_deleting_since', table_name='pending_files')
    _rename('pending_files', 'loose_files', ['created_at'])
    op.alter_column('loose_files', 'deleting_since', new_column_name='doomed_at')
    op.create_index('ix_loose_files_doomed_at', 'loose_files', ['doomed_at'])
