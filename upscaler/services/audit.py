"""The audit trail: every action of a person with an account leaves a row, in the transaction of the action itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from upscaler.models import AuditLog


@dataclass(frozen=True)
class Actor:
    """The account that acts, and the address of its request; without a name, a visitor."""

    user_id: int | None
    username: str
    ip_address: str
    is_admin: bool = False

    @property
    def is_recorded(self) -> bool:
        """Whether actions on jobs and batches leave a row: not those of visitors, nor those of maintenance."""
        return bool(self.username) and self != SYSTEM


# The actor where no person acts.
SYSTEM = Actor(user_id=None, username="system", ip_address="")


def record(
    session: Session,
    actor: Actor,
    action: str,
    *,
    entity: tuple[str, str] = ("", ""),
    details: dict[str, Any] | None = None,
) -> None:
    """Add a row to the trail within the caller's transaction.

    ``entity`` is a type and an id, such as ``("job", "job_…")``.
    """
    session.add(
        AuditLog(
            user_id=actor.user_id,
            username=actor.username[:64],
            action=action,
            entity_type=entity[0],
            entity_id=entity[1][:64],
            details=details or {},
            ip_address=actor.ip_address[:45],
        )
    )
