"""The description of the API: OpenAPI 3.1, generated from the operations, and a page to read it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue
from marshmallow import Schema

from upscaler import errors
from upscaler.errors import UpscalerError
from upscaler.version import __version__
from upscaler.views.api.idempotency import HEADER
from upscaler.views.api.operations import Access, Operation
from upscaler.views.api.paging import Moment
from upscaler.views.public.rendering import render_page

ROOT = "/api/v1"
_CONVERTER = re.compile(r"<(?:(?P<kind>\w+)(?:\([^)]*\))?:)?(?P<name>\w+)>")
_PROBLEM = "Problem"
_PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "What went wrong, as RFC 9457 has it.",
    "required": ["type", "title", "status", "detail", "code"],
    "additionalProperties": False,
    "properties": {
        "type": {
            "type": "string",
            "format": "uri",
            "description": "address of the error in the documentation of this service",
        },
        "title": {"type": "string", "description": "what the error is, in the language of the request"},
        "status": {"type": "integer", "description": "status of the response"},
        "detail": {
            "type": "string",
            "description": "what happened and what to do, in the language of the request",
        },
        "code": {"type": "string", "description": "stable name of the error, for programs"},
        "errors": {
            "type": "array",
            "description": "each parameter at fault, where parameters are",
            "items": {
                "type": "object",
                "required": ["parameter", "code", "detail"],
                "additionalProperties": False,
                "properties": {
                    "parameter": {"type": "string", "description": "name of the parameter"},
                    "code": {"type": "string", "description": "stable name of the error, for programs"},
                    "detail": {
                        "type": "string",
                        "description": "what is wrong, in the language of the request",
                    },
                },
            },
        },
        "line": {"type": "integer", "description": "line at which a body stops being JSON, from 1"},
        "column": {"type": "integer", "description": "column at which a body stops being JSON, from 1"},
    },
}
_SECURITY: dict[str, dict[str, str]] = {
    "key": {"type": "http", "scheme": "bearer", "description": "An API key, `upk_...`."},
    "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "An access token."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "session",
        "description": "A signed-in browser; unsafe methods need the page's token in `X-CSRFToken`.",
    },
}


def register(blueprint: Blueprint, operations: Sequence[Operation]) -> None:
    """Add the routes of the description. They are open to all and are no operations themselves."""

    def openapi() -> ResponseReturnValue:
        described = {**document(tuple(operations)), "servers": [{"url": request.script_root or "/"}]}
        return jsonify(described), {"Cache-Control": "public, max-age=300"}

    def docs() -> ResponseReturnValue:
        described = document(tuple(operations))
        return render_page("docs.html", document=described, by_tag=_by_tag(operations), errors=all_errors())

    blueprint.add_url_rule("/openapi.json", view_func=openapi)
    blueprint.add_url_rule("/docs", view_func=docs)


@cache
def document(operations: tuple[Operation, ...]) -> dict[str, Any]:
    """Return the description of operations as an OpenAPI 3.1 document."""
    schemas: dict[str, type[Schema]] = {}

    def named(schema: type[Schema] | Schema) -> str:
        kind = schema if isinstance(schema, type) else type(schema)
        name = kind.__name__.removesuffix("Schema")
        schemas[name] = kind
        return name

    plugin = MarshmallowPlugin(schema_name_resolver=named)
    spec = APISpec(
        "ImageUpscalerPro",
        __version__,
        "3.1.0",
        plugins=[plugin],
        info={
            "description": "Send images, have them upscaled, get them back.",
            "license": {"name": "Apache-2.0"},
        },
        servers=[{"url": "/"}],
    )
    # It says itself what it is.
    plugin.map_to_openapi_type(Moment, None, None)  # type: ignore[no-untyped-call] # apispec annotates the rest
    spec.components.schema(_PROBLEM, _PROBLEM_SCHEMA)
    for name, scheme in _SECURITY.items():
        spec.components.security_scheme(name, scheme)
    for operation in operations:
        spec.path(_path(operation), operations={operation.method.lower(): _operation(operation)})
    described = spec.to_dict()
    for name, schema in described["components"]["schemas"].items():
        # What is not named is refused in requests, and not there in responses.
        schema.setdefault("additionalProperties", False)
        schema.update(getattr(schemas.get(name), "RULES", {}))
    return described


def all_errors() -> list[type[UpscalerError]]:
    """Return every error by status and code, each code once."""
    found: dict[str, type[UpscalerError]] = {}
    waiting: list[type[UpscalerError]] = [UpscalerError]
    while waiting:
        error = waiting.pop()
        # A subclass without a code of its own shares its parent's.
        if "code" in vars(error):
            found[error.code] = error
        waiting += error.__subclasses__()
    return sorted(found.values(), key=lambda error: (error.status, error.code))


def _by_tag(operations: Sequence[Operation]) -> dict[str, list[tuple[str, str]]]:
    """Return path and method of each operation, under its tag."""
    found: dict[str, list[tuple[str, str]]] = {}
    for operation in operations:
        found.setdefault(operation.tag, []).append((_path(operation), operation.method.lower()))
    return found


def _path(operation: Operation) -> str:
    return ROOT + _CONVERTER.sub(lambda found: f"{{{found['name']}}}", operation.path)


def _operation(operation: Operation) -> dict[str, Any]:
    summary = (operation.view.__doc__ or "").partition("\n")[0]
    described: dict[str, Any] = {
        "operationId": operation.operation_id,
        "tags": [operation.tag],
        "summary": summary,
        "parameters": _parameters(operation),
        "responses": _responses(operation),
    }
    if operation.access is not Access.OPEN:
        ways: list[dict[str, list[str]]] = [{"token": []}, {"session": []}]
        if operation.scope:
            described["description"] = f"An API key needs the scope `{operation.scope}`."
            ways.insert(0, {"key": []})
        described["security"] = [*ways, {}] if operation.access is Access.ANYONE else ways
    body = operation.body or operation.takes
    if body is not None:
        kind = "application/json" if operation.body else operation.takes_media_type
        needed = any(field.required for field in body.fields.values())
        content = {kind: {"schema": _named(body)}}
        if operation.takes_as_json is not None:
            content["application/json"] = {"schema": _named(operation.takes_as_json)}
        described["requestBody"] = {"required": needed, "content": content}
    return described


def _parameters(operation: Operation) -> list[Any]:
    kinds = {"number": "integer"}
    found: list[Any] = [
        {
            "in": "path",
            "name": part["name"],
            "required": True,
            "schema": {"type": kinds.get(part["kind"] or "", "string")},
        }
        for part in _CONVERTER.finditer(operation.path)
    ]
    if operation.query is not None:
        found.append({"in": "query", "schema": _named(operation.query)})
    if operation.idempotent:
        words = "A text that is new for each request; repeated with the same one, a request gets the first response."
        found.append(_header(HEADER, words, {"type": "string", "pattern": "^[!-~]{1,255}$"}))
    if operation.long_polling:
        found.append(
            _header("Prefer", "`wait=N`: respond when the job has ended, or after N seconds, at most 60.")
        )
        found.append(
            _header("If-None-Match", "The `ETag` of the response before; 304 when nothing has changed.")
        )
    return found


def _header(name: str, words: str, schema: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"in": "header", "name": name, "description": words, "schema": schema or {"type": "string"}}


def _responses(operation: Operation) -> dict[str, Any]:
    answers: dict[str, Any] = {str(operation.status): _success(operation)}
    if operation.long_polling:
        answers["304"] = {"description": "Nothing has changed."}
    by_status: dict[int, list[type[UpscalerError]]] = {}
    for error in dict.fromkeys(_errors(operation)):
        by_status.setdefault(error.status, []).append(error)
    for status, found in sorted(by_status.items()):
        lines = [f"`{error.code}`: {error.title}" for error in found]
        answers[str(status)] = _problem("; ".join(lines), found[0])
    answers["5XX"] = _problem(UpscalerError.title, UpscalerError)
    for other, schema in operation.also.items():
        content = answers.setdefault(str(other), {"description": ""}).setdefault("content", {})
        content["application/json"] = {"schema": _named(schema)}
    return answers


def _success(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {"description": "Done."}
    if operation.answer is not None:
        described["description"] = (operation.answer.__doc__ or "").strip()
        described["content"] = {"application/json": {"schema": _named(operation.answer)}}
    elif operation.media_type != "application/json":
        described["content"] = {operation.media_type: {"schema": {"type": "string"}}}
    if operation.location:
        described["headers"] = {"Location": {"schema": {"type": "string", "format": "uri"}}}
    return described


def _problem(description: str, error: type[UpscalerError]) -> dict[str, Any]:
    example = {
        "type": f"{ROOT}/docs#error-{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.title,
        "code": error.code,
    }
    schema = {"$ref": f"#/components/schemas/{_PROBLEM}"}
    content = {"application/problem+json": {"schema": schema, "example": example}}
    return {"description": description, "content": content}


def _errors(operation: Operation) -> Iterable[type[UpscalerError]]:
    if operation.access is not Access.OPEN:
        yield from (errors.AuthenticationRequired, errors.InvalidCredentials, errors.TokenExpired)
        yield errors.RateLimited
        if operation.access is Access.ADMIN:
            yield errors.Forbidden
        yield errors.InsufficientScope if operation.scope else errors.KeysNotAccepted
    yield errors.UnknownParameter
    if operation.query is not None or operation.body is not None:
        yield from (errors.UnusableParameter, errors.MissingParameter)
    if operation.method not in {"GET", "HEAD"}:
        yield from (errors.InvalidRequest, errors.InvalidJson)
    if operation.idempotent:
        yield from (errors.IdempotencyConflict, errors.RequestInProgress, errors.UnusableParameter)
    yield from operation.errors


def _named(schema: Schema) -> type[Schema]:
    # By its class, so that it becomes a component of that name.
    return type(schema)
