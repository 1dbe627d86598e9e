"""ab_user.username_key and email_key: names and addresses are unique in capitals or not, in every script."""

from __future__ import annotations

import unicodedata

import sqlalchemy as sa
from alembic import op
from sqlalchemy.exc import InvalidRequestError

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None

_COLUMNS = {'username': 256, 'email': 1024}


def _folded(name: str) -> str:
    return unicodedata.normalize('NFKC', unicodedata.normalize('NFKC', name).casefold()).strip()


def _check_unique(users: list[sa.Row]) -> None:
    """Refuse accounts that would be the same, before anything is changed."""
    problems = []
    for column in _COLUMNS:
        seen: dict[str, sa.Row] = {}
        for user in users:
            first = seen.setdefault(_folded(getattr(user, column)), user)
            if first is not user:
                problems.append(
                    f'the accounts {first.id} and {user.id} have the same {column}, '
                    f'"{getattr(first, column)}" and "{getattr(user, column)}"; change that of one of them '
                    f"(UPDATE ab_user SET {column} = '...' WHERE id = {user.id}) and start again"
                )
    if problems:
        raise InvalidRequestError('; '.join(problems))


def upgrade() -> None:
    """Apply."""
    users = op.get_bind().execute(sa.text('SELECT id, username, email FROM ab_user ORDER BY id')).all()
    _check_unique(list(users))
    for column, length in _COLUMNS.items():
        op.add_column('ab_user', sa.Column(f'{column}_key', sa.String(length), nullable=False, server_default=''))
    fill = sa.text('UPDATE ab_user SET username_key = :username, email_key = :email WHERE id = :id')
    for user in users:
        values = {'id': user.id, 'username': _folded(user.username), 'email': _folded(user.email)}
        op.get_bind().execute(fill, values)
    for column in _COLUMNS:
        op.create_index(f'ix_ab_user_{column}_key', 'ab_user', [f'{column}_key'], unique=True)


def downgrade() -> None:
    """Undo."""
    for column in _COLUMNS:
        op.drop_index(f'ix_ab_user_{column}_key', table_name='ab_user')
        op.drop_column('ab_user', f'{column}_key')
