"""The audit log, read-only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_babel import lazy_gettext
from sqlalchemy import select

from upscaler.extensions import db
from upscaler.models import AuditLog
from upscaler.views.admin.filters import AuditSearch, Contains, Equals, Since, Until
from upscaler.views.admin.lists import ConsoleList
from upscaler.views.admin.queries import Field
from upscaler.views.admin.urls import GET


def action_choices() -> Sequence[tuple[str, Any]]:
    """Return the actions in the log."""
    names = db.session.scalars(select(AuditLog.action).distinct().order_by(AuditLog.action))
    return [(name, name) for name in names]


class AuditView(ConsoleList):
    """Actions with their time, account, object and IP address."""

    datamodel = SQLAInterface(AuditLog)
    default_view = "list"
    paths: ClassVar = {"list": ("/audit", GET)}
    list_title = lazy_gettext("Audit log")
    intro = lazy_gettext("Administrative actions and logins. Entries cannot be changed or deleted.")
    list_columns = ("created_at", "username", "action", "entity_id", "details", "ip_address")
    order_columns = ("created_at", "username", "action", "ip_address")
    base_order = ("id", "desc")
    label_columns: ClassVar = {
        "created_at": lazy_gettext("Time"),
        "username": lazy_gettext("Username"),
        "action": lazy_gettext("Action"),
        "entity_id": lazy_gettext("Object"),
        "details": lazy_gettext("Details"),
        "ip_address": lazy_gettext("IP address"),
    }
    search = (
        Field("q", lazy_gettext("ID, type or address"), "entity_id", AuditSearch),
        Field("user", lazy_gettext("Username"), "username", Contains),
        Field("action", lazy_gettext("Action"), "action", Equals, "choice", action_choices),
        Field("from", lazy_gettext("From"), "created_at", Since, "date"),
        Field("to", lazy_gettext("To"), "created_at", Until, "date"),
    )
    search_columns = add_columns = edit_columns = show_columns = ("action",)
    row_template = "admin/rows/audit.html"
    has_actions = False
