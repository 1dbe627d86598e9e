"""The ``Idempotency-Key`` header: a request that a client repeats takes effect once."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Callable, Sequence

from flask import Response, make_response, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import sessionmaker

from upscaler.engine.imaging.hashing import sha256_of
from upscaler.errors import N_, UnusableParameter
from upscaler.extensions import db
from upscaler.services import idempotency
from upscaler.services.files.incoming import IncomingFile
from upscaler.views.api.authentication import current_caller
from upscaler.views.waiting import waiting_room

HEADER = "Idempotency-Key"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
# Where the lock of a request is in its environment, until its response is stored.
_LOCK = "upscaler.idempotency_lock"
# Headers of a response that are stored with its status and its body.
_STORED = ("Content-Type", "Location", "Cache-Control")


def once(asked: bytes, work: Callable[[], ResponseReturnValue]) -> ResponseReturnValue:
    """Respond with what ``work`` returns, or with what it returned before under the same key.

    ``asked`` is the content of this request besides method and path. Only successful responses are stored: a refused
    request may be sent again.

    Raises:
        UnusableParameter: the key is not 1 to 255 visible ASCII characters.
        IdempotencyConflict, RequestInProgress: see ``services.idempotency.begin``.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return work()
    if not _KEY.fullmatch(key):
        raise UnusableParameter(N_("An Idempotency-Key has 1 to 255 visible ASCII characters."), name=HEADER)
    name = _hash(current_caller().name.encode(), key.encode())
    fingerprint = _hash(request.method.encode(), request.path.encode(), asked)
    found = idempotency.begin(db.session(), name, fingerprint, waiting_room())
    if isinstance(found, idempotency.StoredResponse):
        return Response(found.body, found.status, {**found.headers, "Idempotency-Replayed": "true"})
    request.environ[_LOCK] = found
    done = False
    try:
        with idempotency.locked(sessionmaker(db.engine), found):
            response = make_response(work())
        if response.status_code < 300:
            if _LOCK in request.environ:
                keep(response)
                db.session.commit()
            done = True
        return response
    finally:
        request.environ.pop(_LOCK, None)
        if not done:
            # While the database is away the key stays locked until the lease expires.
            with contextlib.suppress(SQLAlchemyError):
                db.session.rollback()
                idempotency.unlock(db.session(), found)


def keep(answer: ResponseReturnValue) -> Response:
    """Return a successful response; where the request has a key it is stored, within the caller's transaction.

    Stored together with the changes that it reports, it is right also when the process dies right after the commit.
    """
    response = make_response(answer)
    lease = request.environ.pop(_LOCK, None)
    if lease is not None:
        headers = {header: response.headers[header] for header in _STORED if header in response.headers}
        body = response.get_data(as_text=True)
        stored = idempotency.StoredResponse(response.status_code, headers, body)
        idempotency.store(db.session(), lease, stored)
    return response


def asked_by_form(files: Sequence[IncomingFile], form: dict[str, str]) -> bytes:
    """Return the content of a form; its encoding differs each time."""
    if HEADER not in request.headers:
        return b""
    sent = [[file.filename, sha256_of(file.path)] for file in files]
    return json.dumps([sorted(form.items()), sent]).encode()


def _hash(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        # Each part carries its length, so that no two different requests share one text.
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()
