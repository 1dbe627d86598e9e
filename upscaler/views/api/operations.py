"""One operation of the API: its address, who may use it, what it takes and answers. Routes and documentation follow."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass

from flask.typing import ResponseReturnValue
from marshmallow import Schema

from upscaler.errors import UpscalerError


class Access(enum.Enum):
    """Who may use an operation."""

    # Anybody, also where the operator asks everybody to sign in.
    OPEN = "open"
    # Anybody, unless the operator asks everybody to sign in.
    ANYONE = "anyone"
    ACCOUNT = "account"
    ADMIN = "admin"


@dataclass(frozen=True)
class Operation:
    """An operation.

    Attributes:
        name: endpoint of the route, and the ``operationId`` of the documentation.
        path: below ``/api/v1``, as Flask writes it.
        view: called with the parts of the path, and with ``query`` and ``body`` where there is a schema for them. The
            first line of its docstring is the operation's summary.
        scope: what an API key needs; None where keys are not accepted.
        query, body: what may be sent; anything else is refused.
        repeatable: whether an ``Idempotency-Key`` is heeded; for a form, by the view itself.
        waits: whether ``Prefer: wait`` and ``If-None-Match`` are heeded, by the view itself.
        own_limit: whether the view has a limit of its own instead of the one of all calls.
        takes: what is documented of a body that the view reads by itself, in ``takes_media_type``.
        takes_as_json: what may be sent as JSON in place of a form.
        answer: what is answered with ``status``; None for an answer without a body, or one of ``media_type``.
        errors: what may go wrong, besides signing in and ``query`` or ``body``.
    """

    name: str
    method: str
    path: str
    view: Callable[..., ResponseReturnValue]
    tag: str
    access: Access = Access.ANYONE
    scope: str | None = None
    query: Schema | None = None
    body: Schema | None = None
    answer: Schema | None = None
    status: int = 200
    media_type: str = "application/json"
    errors: tuple[type[UpscalerError], ...] = ()
    repeatable: bool = False
    waits: bool = False
    own_limit: bool = False
    takes: Schema | None = None
    takes_media_type: str = "application/json"
    takes_as_json: Schema | None = None
