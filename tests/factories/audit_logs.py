"""Rows of the audit trail."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from tests.factories.base import stored
from upscaler.models import AuditLog


def new_audit_log(session: Session, action: str = "job.cancel", **values: Any) -> AuditLog:
    """Store the record of an action."""
    return stored(session, AuditLog(action=action, **{"username": "abdullah", **values}))
