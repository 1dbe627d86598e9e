"""One operation of the API: its path, who may call it, what it takes and returns. Routes and documentation follow."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask.typing import ResponseReturnValue
from marshmallow import Schema

from upscaler.errors import UpscalerError
from upscaler.services.accounts import api_keys


class Access(enum.Enum):
    """Callers that an operation is open to."""

    # Anyone, also where the operator requires everyone to sign in.
    OPEN = "open"
    # Anyone, unless the operator requires everyone to sign in.
    ANYONE = "anyone"
    ACCOUNT = "account"
    ADMIN = "admin"


@dataclass(frozen=True)
class Operation:
    """An operation.

    Attributes:
        name: endpoint of the route, such as ``get_job``; the ``operationId`` is the same in camel case.
        path: below ``/api/v1``, as Flask writes it.
        view: called with the parts of the path, and with ``query`` and ``body`` where there is a schema for them. The
            first line of its docstring is the operation's summary.
        scope: what an API key needs; None where keys are not accepted.
        query, body: what may be sent; anything else is refused.
        idempotent: whether an ``Idempotency-Key`` is heeded; for a form, by the view itself.
        long_polling: whether ``Prefer: wait`` and ``If-None-Match`` are heeded, by the view itself.
        own_rate_limit: whether the view has a rate limit of its own in place of the one of all requests.
        takes: what is documented of a body that the view reads by itself, in ``takes_media_type``.
        takes_as_json: what may be sent as JSON in place of a form.
        longest_body: returns the longest body in bytes, where that is more than that of most requests.
        answer: what is returned with ``status``; None for a response without a body, or one of ``media_type``.
        also: what is returned with other statuses, besides errors.
        location: whether the response names an address in ``Location``.
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
    also: Mapping[int, Schema] = field(default_factory=dict, hash=False)
    media_type: str = "application/json"
    location: bool = False
    errors: tuple[type[UpscalerError], ...] = ()
    idempotent: bool = False
    long_polling: bool = False
    own_rate_limit: bool = False
    takes: Schema | None = None
    takes_media_type: str = "application/json"
    takes_as_json: Schema | None = None
    longest_body: Callable[[], int] | None = None

    @property
    def operation_id(self) -> str:
        """The name as SDKs use it, such as ``getJob``."""
        first, *others = self.name.split("_")
        return first + "".join(word.capitalize() for word in others)


def admin_operation(
    name: str, method: str, path: str, view: Callable[..., ResponseReturnValue], **more: Any
) -> Operation:
    """Return an operation for admins, below ``/admin``."""
    return Operation(name, method, f"/admin{path}", view, "Admin", Access.ADMIN, api_keys.ADMIN, **more)
