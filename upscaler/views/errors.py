"""Errors as responses: ``application/problem+json`` for programs, a page for people."""

from __future__ import annotations

import json

import structlog
from flask import Flask, Response, g, make_response, request
from flask_babel import gettext
from flask_limiter import RateLimitExceeded
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, MethodNotAllowed, RequestEntityTooLarge
from werkzeug.sansio.response import Response as AnyResponse

from upscaler import errors
from upscaler.errors import N_, UpscalerError
from upscaler.extensions import db
from upscaler.storage.base import as_ours
from upscaler.views.admin.error_page import is_in_console, render_console_error
from upscaler.views.context import endpoint_url
from upscaler.views.public.rendering import render_error
from upscaler.views.rate_limit_messages import rate_limited
from upscaler.views.sentences import localized

log = structlog.get_logger()

_BY_STATUS: dict[int, type[UpscalerError]] = {
    400: errors.InvalidRequest,
    401: errors.AuthenticationRequired,
    403: errors.Forbidden,
    404: errors.NotFound,
    503: errors.ServiceUnavailable,
}


def init_app(app: Flask) -> None:
    """Register the handlers, in place of any that an extension has set."""
    app.register_error_handler(UpscalerError, respond)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(OperationalError, _database)
    app.register_error_handler(OSError, _system)
    app.register_error_handler(Exception, _defect)


# Paths for programs, and paths of links that programs and people follow.
_FOR_PROGRAMS = ("/api/", "/metrics")
_FOR_BOTH = ("/files/", "/batches/")


def respond(error: UpscalerError) -> Response:
    """Respond with an error, in the form that the path calls for."""
    for_programs = request.path.startswith(_FOR_PROGRAMS)
    if not for_programs and request.path.startswith(_FOR_BOTH):
        # Programs that do not say what they like accept anything.
        likes = request.accept_mimetypes.best_match(["application/problem+json", "text/html"])
        for_programs = likes != "text/html"
    if for_programs:
        return problem(error)
    return make_response(render_console_error(error) if is_in_console(error) else render_error(error))


def problem(error: UpscalerError) -> Response:
    """Return an error as RFC 9457 defines it."""
    body = {
        "type": endpoint_url("api.docs", _anchor=f"error-{error.code}"),
        "title": gettext(error.title),
        "status": error.status,
        "detail": localized(error.message, error.values),
        "code": error.code,
        **_parameters(error),
    }
    if isinstance(error, errors.InvalidJson):
        body |= {"line": error.values["line"], "column": error.values["column"]}
    response = Response(
        json.dumps(body, ensure_ascii=False), error.status, mimetype="application/problem+json"
    )
    response.headers["Cache-Control"] = "no-store"
    if error.status == 401 or isinstance(error, errors.InsufficientScope):
        response.headers["WWW-Authenticate"] = _challenge(error)
    if error.status in {429, 503, 507}:
        response.headers.setdefault("Retry-After", "30")
    return response


def _parameters(error: UpscalerError) -> dict[str, list[dict[str, str]]]:
    """Return each parameter at fault, as an extension of RFC 9457."""
    at_fault = [
        {"parameter": found.parameter, "code": found.code, "detail": localized(found.message, found.values)}
        for found in (error, *error.related)
        if found.parameter is not None
    ]
    return {"errors": at_fault} if at_fault else {}


def _challenge(error: UpscalerError) -> str:
    """Return the challenge to sign in, as RFC 6750 defines it."""
    challenge = 'Bearer realm="ImageUpscalerPro"'
    if isinstance(error, errors.InsufficientScope):
        return f'{challenge}, error="insufficient_scope", scope="{error.values["scope"]}"'
    if "Authorization" in request.headers:
        return f'{challenge}, error="invalid_token"'
    return challenge


def _http(error: HTTPException) -> AnyResponse:
    if error.response is not None:
        return error.response
    if isinstance(error, RateLimitExceeded):
        return respond(rate_limited(error))
    if isinstance(error, MethodNotAllowed):
        answer = respond(errors.MethodNotAllowed(methods=", ".join(sorted(error.valid_methods or ()))))
        answer.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
        return answer
    if isinstance(error, CSRFError):
        return respond(errors.InvalidRequest(N_("This page has expired. Reload it and try again.")))
    if isinstance(error, RequestEntityTooLarge):
        return respond(errors.InvalidRequest(N_("The request is too large. Send less at once.")))
    if error.code is not None and error.code < 400:
        return error.get_response()
    known = _BY_STATUS.get(error.code or 500)
    if known is not None:
        return respond(known())
    unnamed = errors.InvalidRequest() if (error.code or 500) < 500 else UpscalerError()
    unnamed.status = error.code or 500
    return respond(unnamed)


def _database(error: OperationalError) -> Response:
    db.session.rollback()
    # Flask-Login would read the account again for the error's page.
    g._login_user = None
    log.error("database.unavailable", path=request.path, exc_info=error)
    return respond(errors.ServiceUnavailable())


def _system(error: OSError) -> Response:
    """Report a full disk, which is no defect: files are received on it, and working copies are written to it."""
    ours = as_ours(error)
    if not isinstance(ours, errors.StorageFull):
        return _defect(error)
    log.error("disk.full", path=request.path, reason=str(error))
    return respond(ours)


def _defect(error: Exception) -> Response:
    log.error("request.defect", method=request.method, path=request.path, exc_info=error)
    return respond(UpscalerError())
