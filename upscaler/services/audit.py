"""The audit trail: every action of a person with rights leaves a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from upscaler.models import AuditLog


@dataclass(frozen=True)
class Actor:
    """Who acts, and from which address."""

    user_id: int | None
    username: str
    ip_address: str


# What acts where nobody has signed in.
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
