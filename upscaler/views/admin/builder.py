"""Flask-AppBuilder, with our views and without those it brings along."""

from __future__ import annotations

from typing import Any

from flask_appbuilder import AppBuilder
from flask_babel import lazy_gettext

from upscaler.services.monitoring.statistics import StorageMeter
from upscaler.views.admin.audit import AuditView
from upscaler.views.admin.dashboard import DashboardView
from upscaler.views.admin.deliveries import DeliveryView
from upscaler.views.admin.jobs import JobView
from upscaler.views.admin.keys import KeysView
from upscaler.views.admin.models import NetworkView
from upscaler.views.admin.settings import SettingsView
from upscaler.views.admin.users import UserView


class ConsoleBuilder(AppBuilder):
    """An application builder that registers the index and the login only."""

    def _add_admin_views(self) -> None:
        # Flask-AppBuilder would add pages that we do without: "back", languages, its own accounts, its API.
        self._indexview = self.add_view_no_menu(self.indexview)
        self.sm.register_views()


def register_views(builder: ConsoleBuilder, meter: StorageMeter) -> None:
    """Add the console's pages, in the order of the menu."""
    pages: tuple[tuple[Any, str, Any], ...] = (
        (DashboardView(meter), "dashboard", lazy_gettext("Dashboard")),
        (JobView, "jobs", lazy_gettext("Jobs")),
        (DeliveryView, "deliveries", lazy_gettext("Deliveries")),
        (NetworkView, "models", lazy_gettext("Models")),
        (UserView, "users", lazy_gettext("Users")),
        (KeysView, "key", lazy_gettext("API keys")),
        (SettingsView, "settings", lazy_gettext("Settings")),
        (AuditView, "audit", lazy_gettext("Audit trail")),
    )
    for view, name, label in pages:
        builder.add_view(view, name, label=label, icon=name)
    builder.sm.user_view = next(view for view in builder.baseviews if isinstance(view, UserView))
