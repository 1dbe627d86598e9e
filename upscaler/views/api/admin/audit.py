"""The audit log."""

from __future__ import annotations

from typing import Any

from flask.typing import ResponseReturnValue

from upscaler.errors import UnusableParameter
from upscaler.extensions import db
from upscaler.models import AuditLog
from upscaler.services import queries
from upscaler.services.paging import page_of
from upscaler.views.api.operations import admin_operation
from upscaler.views.api.paging import answer_page, day_after
from upscaler.views.api.schemas.service import AuditLogListSchema, AuditQuery
from upscaler.views.api.serializers.service import audit_fields


def list_audit_logs(query: dict[str, Any]) -> ResponseReturnValue:
    """Search the audit log, the newest rows first."""
    wanted = queries.audit_rows(
        text=query["q"],
        user=query["user"],
        action=query["action"],
        since=query["since"],
        until=query["until"] and day_after(query["until"]),
    )
    page = page_of(db.session(), wanted, (AuditLog.id,), cursor=query["cursor"], limit=query["limit"])
    return answer_page(page, audit_fields)


OPERATIONS = (
    admin_operation(
        "list_audit_logs",
        "GET",
        "/audit",
        list_audit_logs,
        query=AuditQuery(),
        answer=AuditLogListSchema(),
        errors=(UnusableParameter,),
    ),
)
