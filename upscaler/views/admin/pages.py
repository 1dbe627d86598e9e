"""The console's pages, in the order of the menu.

To add one: a module with a view class, a template in ``templates/admin``, and a row here. Its icon is drawn in the
icon macro of the templates.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from flask_babel import lazy_gettext

from upscaler.views.admin.audit import AuditView
from upscaler.views.admin.dashboard import DashboardView
from upscaler.views.admin.deliveries import DeliveryView
from upscaler.views.admin.jobs import JobView
from upscaler.views.admin.keys import KeysView
from upscaler.views.admin.models import ModelsView
from upscaler.views.admin.settings import SettingsView
from upscaler.views.admin.users import UserView


class ConsolePage(NamedTuple):
    """A page of the console: its view class, its icon, and its label in the menu."""

    view: type[Any]
    icon: str
    label: Any


PAGES = (
    ConsolePage(DashboardView, "dashboard", lazy_gettext("Dashboard")),
    ConsolePage(JobView, "jobs", lazy_gettext("Jobs")),
    ConsolePage(DeliveryView, "deliveries", lazy_gettext("Deliveries")),
    ConsolePage(ModelsView, "models", lazy_gettext("Models")),
    ConsolePage(UserView, "users", lazy_gettext("Users")),
    ConsolePage(KeysView, "key", lazy_gettext("API keys")),
    ConsolePage(SettingsView, "settings", lazy_gettext("Settings")),
    ConsolePage(AuditView, "audit", lazy_gettext("Audit log")),
)
