"""Stored files behind signed links, with ranges and validators."""

from __future__ import annotations

import mimetypes
import time

from flask import Blueprint, request, send_file
from werkzeug.wrappers import Response

from upscaler.errors import FileGone
from upscaler.views.context import links, services

blueprint = Blueprint("files", __name__, url_prefix="/files")

# Kinds that a browser shows as a picture and never as a page of ours.
_SHOWN = frozenset({"image/jpeg", "image/png", "image/webp"})


@blueprint.get("/<path:key>")
def get(key: str) -> Response:
    """Send a stored file to whoever holds a genuine link to it."""
    filename = request.args.get("name", "")
    links().verify(
        key, filename, request.args.get("expires", ""), request.args.get("signature", ""), time.time()
    )
    try:
        stored = services().storage.stat(key)
        stream = services().storage.open(key)
    except ValueError:
        raise FileGone from None
    kind = mimetypes.guess_type(key)[0] or "application/octet-stream"
    response = send_file(
        stream,
        mimetype=kind,
        as_attachment="download" in request.args or kind not in _SHOWN,
        download_name=filename,
        # A key is written once and never again, so its name identifies its content.
        etag=key.replace("/", "-"),
        last_modified=stored.modified_at,
        conditional=False,
    )
    response.content_length = stored.size_bytes
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Cache-Control"] = "private, max-age=3600"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response.make_conditional(request, accept_ranges=True, complete_length=stored.size_bytes)
