"""The first page of the console: how the service is doing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar

import structlog
from flask import redirect, request, url_for
from flask_appbuilder.baseviews import BaseView, expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import format_date, format_time, gettext
from werkzeug.wrappers import Response

from upscaler.errors import ServiceUnavailable
from upscaler.extensions import db
from upscaler.models import iso8601
from upscaler.services.monitoring import statistics
from upscaler.services.monitoring.statistics import Slot, StorageFigures
from upscaler.views.admin.urls import GET, ROOT, ExactPaths, ask_to_sign_in
from upscaler.views.context import services
from upscaler.views.sentences import localized

log = structlog.get_logger()

# For each period that the chart can show: how many bars, and how much time one bar stands for.
PERIODS = {
    "day": (24, timedelta(hours=1)),
    "fortnight": (14, timedelta(days=1)),
    "quarter": (13, timedelta(days=7)),
}


class ConsoleIndex(BaseView):
    """The console's root leads to the dashboard; ``/`` belongs to the public site."""

    route_base = ROOT
    default_view = "index"

    @expose("/")
    def index(self) -> Response:
        """Go to the dashboard."""
        return ask_to_sign_in() or redirect(url_for("DashboardView.show"), 302)


class DashboardView(ExactPaths, BaseView):
    """Figures, a chart, the latest jobs and errors, and the workers."""

    default_view = "show"
    paths: ClassVar = {"show": ("/dashboard", GET)}

    @has_access
    def show(self) -> str:
        """Show the dashboard."""
        session = db.session()
        period = request.args.get("period", "")
        period = period if period in PERIODS else "fortnight"
        slots = statistics.jobs_over_time(session, *PERIODS[period])
        page: str = self.render_template(
            "admin/dashboard.html",
            title=gettext("Dashboard"),
            figures=statistics.key_figures(session),
            storage=self._storage(),
            period=period,
            slots=slots,
            chart=chart_data(slots, period),
            jobs=statistics.recent_jobs(session),
            failures=statistics.recent_errors(session),
            workers=statistics.worker_states(session),
            localized=localized,
        )
        return page

    def _storage(self) -> StorageFigures | None:
        try:
            return services().storage_meter.figures()
        except ServiceUnavailable:
            # The rest of the page is of use without this figure, the more so when something is wrong.
            log.warning("storage.unavailable", exc_info=True)
            return None


def chart_data(slots: Sequence[Slot], period: str) -> dict[str, Any]:
    """Return what the chart's script draws, as JSON-ready values with labels in the language of the page."""
    series = (
        ("accepted", gettext("Accepted"), [slot.accepted for slot in slots]),
        ("completed", gettext("Completed"), [slot.completed for slot in slots]),
        ("failed", gettext("Failed"), [slot.failed for slot in slots]),
        ("canceled", gettext("Canceled"), [slot.canceled for slot in slots]),
    )
    return {
        "labels": [_label(slot, period) for slot in slots],
        "starts": [iso8601(slot.start) for slot in slots],
        "series": [{"name": name, "label": label, "values": values} for name, label, values in series],
    }


def _label(slot: Slot, period: str) -> str:
    moment = slot.start.replace(tzinfo=None)
    if period == "day":
        return str(format_time(moment, "HH:mm", rebase=False))
    return str(format_date(moment, "d MMM", rebase=False))
