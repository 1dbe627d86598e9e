"""The outbox: webhooks and e-mails with their state, and a way to send one again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from flask import flash, redirect, request, url_for
from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_appbuilder.security.decorators import has_access
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response

from upscaler.errors import UpscalerError
from upscaler.extensions import db
from upscaler.models import Delivery, utcnow
from upscaler.services.notifications import outbox
from upscaler.views.admin.filters import DeliverySearch, Equals, Since, Until
from upscaler.views.admin.formatting import DELIVERY_KIND_LABELS, DELIVERY_STATUS_LABELS
from upscaler.views.admin.lists import ConsoleList
from upscaler.views.admin.messages import refuse
from upscaler.views.admin.queries import Field
from upscaler.views.admin.urls import GET, ID, POST
from upscaler.views.context import current_actor
from upscaler.views.targets import local_target


def kind_choices() -> Sequence[tuple[str, Any]]:
    """Return the ways a message takes, with their labels."""
    return tuple(DELIVERY_KIND_LABELS.items())


def status_choices() -> Sequence[tuple[str, Any]]:
    """Return the states a message may be in, with their labels."""
    return tuple(DELIVERY_STATUS_LABELS.items())


class DeliveryView(ConsoleList):
    """The outbox."""

    datamodel = SQLAInterface(Delivery)
    default_view = "list"
    paths: ClassVar = {
        "list": ("/deliveries", GET),
        "send_again": (f"/deliveries/{ID}/send-again", POST),
    }
    list_title = lazy_gettext("Deliveries")
    intro = lazy_gettext("Webhooks and e-mails about finished jobs. Failed attempts are repeated.")
    list_columns = ("created_at", "job_id", "kind", "target", "status", "attempts", "last_status")
    order_columns = ("created_at", "kind", "status", "attempts")
    base_order = ("created_at", "desc")
    label_columns: ClassVar = {
        "created_at": lazy_gettext("Created"),
        "job_id": lazy_gettext("Job"),
        "kind": lazy_gettext("Channel"),
        "target": lazy_gettext("Recipient"),
        "status": lazy_gettext("Status"),
        "attempts": lazy_gettext("Attempts"),
        "last_status": lazy_gettext("Last response"),
    }
    search = (
        Field("q", lazy_gettext("Job, message or recipient"), "job_id", DeliverySearch),
        Field("kind", lazy_gettext("Channel"), "kind", Equals, "choice", kind_choices),
        Field("status", lazy_gettext("Status"), "status", Equals, "choice", status_choices),
        Field("from", lazy_gettext("From"), "created_at", Since, "date"),
        Field("to", lazy_gettext("To"), "created_at", Until, "date"),
    )
    # Nothing of a delivery is edited: no forms are made from its columns.
    search_columns = add_columns = edit_columns = show_columns = ("id",)
    row_template = "admin/rows/delivery.html"

    @has_access
    def send_again(self, pk: str) -> Response:
        """Send a message once more."""
        try:
            outbox.send_again(db.session(), current_actor(), pk, utcnow())
        except UpscalerError as error:
            refuse(error)
        else:
            flash(gettext("The message will be sent again shortly."), "success")
        return redirect(local_target(request.form.get("next", "")) or url_for("DeliveryView.list"), 303)
