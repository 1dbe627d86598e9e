"""The landing page with the upload form, the job page, and the choice of language."""

from __future__ import annotations

from flask import Blueprint, Flask, make_response, redirect, request, url_for
from werkzeug.wrappers import Response

from upscaler.errors import Forbidden, InvalidParameter, JobNotFound
from upscaler.extensions import db
from upscaler.models import Job
from upscaler.views.context import config, current_account, services
from upscaler.views.localization import remember
from upscaler.views.public.limits import page_limits
from upscaler.views.public.rendering import available_languages, render_page, script_config
from upscaler.views.public.upload_form import upload_options
from upscaler.views.targets import local_target, this_page


def init_app(app: Flask) -> None:
    """Add the public pages to the application."""
    blueprint = Blueprint("public", __name__)
    blueprint.before_request(ask_to_sign_in)
    blueprint.add_url_rule("/", view_func=index)
    blueprint.add_url_rule("/jobs/<id:job_id>", view_func=job)
    blueprint.add_url_rule("/language", view_func=choose_language, methods=["POST"])
    app.register_blueprint(blueprint)


def ask_to_sign_in() -> Response | None:
    """Redirect a visitor to the sign-in where ``require_login`` is on."""
    if (
        request.method != "GET"
        or current_account()
        or not services().settings.values(db.session()).require_login
    ):
        return None
    return redirect(url_for("LoginView.login", next=this_page()), 303)


def index() -> str:
    """Show the landing page with the upload form."""
    values = services().settings.values(db.session())
    limits = page_limits(values, signed_in=current_account() is not None)
    mail_days = config().notification_days if services().notifications.offers_mail else 0
    return render_page(
        "index.html",
        limits=limits,
        options=upload_options(values.default_preset, values.factors),
        mail_days=mail_days,
        script_config=script_config(limits),
    )


def job(job_id: str) -> str:
    """Show the job page; its script reads the state through the API."""
    if db.session.get(Job, job_id) is None:
        raise JobNotFound
    return render_page("job.html", job_id=job_id, script_config=script_config())


def choose_language() -> Response:
    """Remember a person's language and redirect to the page that asked."""
    # Browsers that do not say where a form comes from are few, and nothing but the language is at stake.
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        raise Forbidden
    language = request.form.get("language", "")
    languages = available_languages()
    if language not in languages:
        raise InvalidParameter(name="language", value=language, choices=", ".join(languages))
    target = local_target(request.form.get("next", "")) or url_for("public.index")
    response = make_response(redirect(target, 303))
    remember(response, language.replace("-", "_"))
    return response
