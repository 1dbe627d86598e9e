"""Jobs: the list, the report of one, and what an operator may do with it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from flask import abort, flash, make_response, redirect, request, url_for
from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_appbuilder.security.decorators import has_access
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Query, joinedload
from werkzeug.wrappers import Response

from upscaler.engine.imaging.formats import SHOWN_MIME_TYPES
from upscaler.engine.model_zoo.recipe_builder import all_recipes
from upscaler.engine.option_texts import read_texts
from upscaler.engine.options import FACTORS, FIT, OPTIONS
from upscaler.errors import UpscalerError
from upscaler.extensions import db
from upscaler.models import Job
from upscaler.services.accounts import usage
from upscaler.services.jobs import actions, estimates
from upscaler.services.notifications import outbox
from upscaler.views.admin.filters import Contains, Equals, JobSearch, OwnerContains, Since, Until
from upscaler.views.admin.formatting import STATUS_LABELS
from upscaler.views.admin.lists import ConsoleList
from upscaler.views.admin.messages import refuse
from upscaler.views.admin.queries import Field
from upscaler.views.admin.urls import GET, ID, POST
from upscaler.views.context import current_actor, links, services
from upscaler.views.option_controls import Control, control_of
from upscaler.views.sentences import localized
from upscaler.views.targets import local_path, local_target


class JobInterface(SQLAInterface):
    """Jobs with their uploads and owners in one query."""

    def apply_all(self, *args: Any, **kwargs: Any) -> Query[Job]:
        """Add the joins to Flask-AppBuilder's query."""
        query: Query[Job] = super().apply_all(*args, **kwargs)
        return query.options(joinedload(Job.upload), joinedload(Job.owner))


def status_choices() -> Sequence[tuple[str, Any]]:
    """Return the states a job may be in, with their labels."""
    return tuple(STATUS_LABELS.items())


def _controls(job: Job) -> list[Control]:
    """Return the controls of the form for another run, set as the job was."""
    found = [
        control_of(option, job.params.get(name, option.default), exact=True)
        for name, option in OPTIONS.items()
    ]
    offered = services().settings.values(db.session()).factors
    factors = [
        (factor, factor)
        for factor in (*FACTORS, FIT)
        if factor in offered or factor == job.params.get("factor")
    ]
    return [replace(one, choices=factors) if one.name == "factor" else one for one in found]


def _overrides(job: Job, form: Mapping[str, str]) -> dict[str, Any]:
    """Return the options of a form that differ from those of a job; None for one that was emptied."""
    texts = {name: form[name].strip() for name in OPTIONS if name in form}
    new = {**dict.fromkeys(texts), **read_texts({name: text for name, text in texts.items() if text})}
    return {
        name: value for name, value in new.items() if value != job.params.get(name, OPTIONS[name].default)
    }


def model_names() -> list[str]:
    """Return the names of all recipes that jobs can run with today."""
    return sorted({choice.recipe.name for choice in all_recipes()})


class JobView(ConsoleList):
    """All jobs of all people."""

    datamodel = JobInterface(Job)
    default_view = "list"
    paths: ClassVar = {
        "list": ("/jobs", GET),
        "show": (f"/job/{ID}", GET),
        "cancel": (f"/job/{ID}/cancel", POST),
        "requeue": (f"/job/{ID}/requeue", POST),
        "download": (f"/job/{ID}/download", POST),
        "delete": (f"/job/{ID}/delete", POST),
        "export_usage": ("/usage.csv", POST),
    }
    list_title = lazy_gettext("Jobs")
    list_columns = ("id", "owner", "status", "model", "created_at", "duration_seconds")
    order_columns = ("status", "model", "created_at", "duration_seconds")
    base_order = ("created_at", "desc")
    label_columns: ClassVar = {
        "id": lazy_gettext("Job"),
        "owner": lazy_gettext("Owner"),
        "status": lazy_gettext("Status"),
        "model": lazy_gettext("Model"),
        "created_at": lazy_gettext("Created"),
        "duration_seconds": lazy_gettext("Time"),
    }
    search = (
        Field("q", lazy_gettext("Job or file"), "id", JobSearch),
        Field("status", lazy_gettext("Status"), "status", Equals, "choice", status_choices),
        Field(
            "owner", lazy_gettext("Owner"), "owner_id", OwnerContains, example=lazy_gettext("- for visitors")
        ),
        Field("model", lazy_gettext("Model"), "model", Contains, suggestions=model_names),
        Field("from", lazy_gettext("From"), "created_at", Since, "date"),
        Field("to", lazy_gettext("To"), "created_at", Until, "date"),
    )
    # Nothing of a job is edited: no forms are made from its columns.
    search_columns = add_columns = edit_columns = show_columns = ("id",)
    list_template = "admin/jobs.html"
    row_template = "admin/rows/job.html"

    @has_access
    def show(self, pk: str) -> str:
        """Show all there is to know about a job."""
        job = self._job(pk)
        page: str = self.render_template(
            "admin/job.html",
            title=gettext("Job"),
            takes_longer=estimates.takes_longer(job),
            job=job,
            images=_images(job),
            options=_controls(job),
            deliveries=outbox.deliveries_of(db.session(), job.id),
            error=localized(job.error_message or "", job.error_values),
        )
        return page

    @has_access
    def cancel(self, pk: str) -> Response:
        """Cancel a job."""
        try:
            actions.cancel(db.session(), current_actor(), self._job(pk))
        except UpscalerError as error:
            refuse(error)
        else:
            flash(gettext("The job was canceled."), "success")
        return _back(pk)

    @has_access
    def requeue(self, pk: str) -> Response:
        """Run a job again, with the options of the form in place of those that the job had."""
        job = self._job(pk)
        overrides = _overrides(job, request.form)
        submissions = services().submissions
        try:
            with actions.requeued(db.session(), current_actor(), submissions, job, overrides) as again:
                new_id = again.id
        except UpscalerError as error:
            refuse(error)
            return _back(pk)
        flash(gettext("The image was queued again as this new job."), "success")
        return redirect(url_for("JobView.show", pk=new_id), 303)

    @has_access
    def download(self, pk: str) -> Response:
        """Hand out a file of a job through a signed link."""
        job, which = self._job(pk), request.form.get("file", "")
        try:
            key, name = actions.file_to_download(db.session(), current_actor(), job, which)
        except UpscalerError as error:
            refuse(error)
            return _back(pk)
        return redirect(f"{local_path(links().path(key, name, time.time()))}&download=1", 303)

    @has_access
    def delete(self, pk: str) -> Response:
        """Delete a job with its files."""
        try:
            actions.delete(db.session(), current_actor(), services().storage, self._job(pk))
        except UpscalerError as error:
            refuse(error)
            return _back(pk)
        flash(gettext("The job and its files were deleted."), "success")
        return redirect(url_for("JobView.list"), 303)

    @has_access
    def export_usage(self) -> Response:
        """Hand out what each account used on each day."""
        text = usage.export(db.session(), current_actor(), None, None)
        response = make_response(text)
        response.mimetype = "text/csv"
        response.headers["Content-Disposition"] = 'attachment; filename="usage.csv"'
        response.headers["Cache-Control"] = "no-store"
        return response

    def _job(self, pk: str) -> Job:
        job: Job | None = self.datamodel.get(pk)
        return job if job is not None else abort(404)


def _images(job: Job) -> dict[str, str | None]:
    """Return signed addresses of the original and of the result's preview, None for what cannot be shown."""
    signer, now = links(), time.time()
    name = job.upload.original_filename
    original = job.original_preview_path
    if original is None and job.upload.mime_type in SHOWN_MIME_TYPES:
        original = job.upload.storage_path
    return {
        "original": local_path(signer.path(original, name, now)) if original else None,
        "result": local_path(signer.path(job.preview_path, "preview.webp", now))
        if job.preview_path
        else None,
    }


def _back(pk: str) -> Response:
    """Return to the page that the action was asked for on, else to the job."""
    return redirect(local_target(request.form.get("next", "")) or url_for("JobView.show", pk=pk), 303)
