"""``Idempotency-Key``: a request that a client repeats because it got no answer is done once."""

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

HEADER = "Idempotency-Key"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
# Where the turn of a request is, until its answer is kept.
_TURN = "upscaler.turn"
# What of an answer is kept besides its status and its body.
_KEPT = ("Content-Type", "Location", "Cache-Control")


def once(asked: bytes, work: Callable[[], ResponseReturnValue]) -> ResponseReturnValue:
    """Answer with what ``work`` returns, or with what it returned before under the same key.

    ``asked`` is everything that makes this request what it is, besides method and path. Only answers that tell of
    success are kept: whatever was refused may be tried again.

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
    found = idempotency.begin(db.session(), name, fingerprint)
    if isinstance(found, idempotency.Answer):
        return Response(found.body, found.status, {**found.headers, "Idempotency-Replayed": "true"})
    request.environ[_TURN] = found
    done = False
    try:
        with idempotency.held(sessionmaker(db.engine), found):
            response = make_response(work())
        if response.status_code < 300:
            if _TURN in request.environ:
                keep(response)
                db.session.commit()
            done = True
        return response
    finally:
        request.environ.pop(_TURN, None)
        if not done:
            # A database that is away keeps the turn taken until the lease has run out.
            with contextlib.suppress(SQLAlchemyError):
                db.session.rollback()
                idempotency.give_up(db.session(), found)


def keep(answer: ResponseReturnValue) -> Response:
    """Return an answer that tells of success; where the request has a key it is kept, within the caller's transaction.

    Who keeps it with what it tells of need not fear to die between the two.
    """
    response = make_response(answer)
    turn = request.environ.pop(_TURN, None)
    if turn is not None:
        headers = {header: response.headers[header] for header in _KEPT if header in response.headers}
        body = response.get_data(as_text=True)
        idempotency.keep(db.session(), turn, idempotency.Answer(response.status_code, headers, body))
    return response


def asked_by_form(files: Sequence[IncomingFile], form: dict[str, str]) -> bytes:
    """Return what makes a form the same as another one; its own wrapping differs each time."""
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
