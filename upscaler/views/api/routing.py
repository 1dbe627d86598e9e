"""From operations to routes: the caller, their rights and what they sent are checked before a view is called."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache, partial, wraps
from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from marshmallow import Schema, ValidationError

from upscaler.errors import MissingParameter, UnknownParameter, UnusableParameter, UpscalerError, combined
from upscaler.views import body_limits
from upscaler.views.api import idempotency, rate_limits
from upscaler.views.api.authentication import authorize, identify
from upscaler.views.api.json_bodies import json_body
from upscaler.views.api.operations import Access, Operation

# A body of JSON is a few fields.
BODY_BYTES = 64 * 1024
# A form is received by its view, which knows how large it may be.
FORM = "multipart/form-data"
_MISSING = "Missing data for required field."
_UNKNOWN = "Unknown field."


def register(blueprint: Blueprint, operation: Operation) -> None:
    """Add the route of an operation."""
    blueprint.add_url_rule(
        operation.path, operation.name, view_func=_serve(operation), methods=[operation.method]
    )


def _serve(operation: Operation) -> Callable[..., ResponseReturnValue]:
    # Uploads and logins have limits of their own, and a probe of the service's health must not run into one.
    own_limit = operation.access is Access.OPEN or operation.own_rate_limit
    view = operation.view if own_limit else _polled(operation.view)

    # Under the view's own name Flask-Limiter leaves the limits to the view, which is called once it is known who asks.
    @wraps(view)
    def serve(**parts: Any) -> ResponseReturnValue:
        body_limits.check_room()
        if operation.takes_media_type != FORM:
            request.max_content_length = BODY_BYTES
        authorize(identify(), operation)
        if operation.query is not None:
            parts["query"] = _load(operation.query, _query_values())
        elif request.args:
            raise combined([UnknownParameter(name=name[:64]) for name in sorted(request.args)])
        if operation.body is not None:
            parts["body"] = _load(operation.body, json_body())
        if operation.idempotent and operation.takes_media_type != FORM:
            asked = json.dumps(parts.get("body") or {}, sort_keys=True, default=str).encode()
            asked = asked if operation.body is not None else request.get_data(cache=True)
            return idempotency.once(asked, partial(view, **parts))
        return view(**parts)

    if operation.longest_body is not None:
        setattr(serve, body_limits.ATTRIBUTE, operation.longest_body)
    return serve


@cache
def _polled(view: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
    """Limit a view, once, also when it stands behind two addresses."""
    limited: Callable[..., ResponseReturnValue] = rate_limits.polls(view)
    return limited


def _query_values() -> dict[str, Any]:
    repeated = [name for name, values in request.args.lists() if len(values) > 1]
    if repeated:
        raise combined([UnusableParameter(name=name[:64]) for name in sorted(repeated)])
    return request.args.to_dict()


def _load(schema: Schema, values: dict[str, Any]) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = schema.load(values)
    except ValidationError as error:
        raise _errors_of(error) from None
    # PostgreSQL refuses texts that hold a NUL, wherever they are compared or stored.
    unusable = [name for name, value in loaded.items() if isinstance(value, str) and "\0" in value]
    if unusable:
        raise combined([UnusableParameter(name=name) for name in sorted(unusable)])
    return loaded


def _errors_of(error: ValidationError) -> UpscalerError:
    """Return all that is wrong; unknown names first, for they are often why another is missing."""
    kinds = {str(name): _kind(problem) for name, problem in error.messages_dict.items()}
    order = (UnknownParameter, MissingParameter, UnusableParameter)
    ordered = sorted(kinds, key=lambda name: (order.index(kinds[name]), name))
    return combined([kinds[name](name=name[:64]) for name in ordered])


def _kind(problem: object) -> type[UnknownParameter | MissingParameter | UnusableParameter]:
    """Return the kind of a problem: a list of texts, or a mapping where it lies inside the value of a parameter."""
    if problem == [_UNKNOWN]:
        return UnknownParameter
    return MissingParameter if problem == [_MISSING] else UnusableParameter
