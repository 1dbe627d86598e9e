"""Stored files behind signed links, with ranges and validators."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import BinaryIO
from urllib.parse import quote

from flask import Blueprint, Flask, Response, redirect, request
from werkzeug.http import dump_options_header
from werkzeug.wrappers import Response as WerkzeugResponse
from werkzeug.wsgi import wrap_file

from upscaler.engine.imaging.formats import SHOWN_MIME_TYPES, format_for_extension
from upscaler.errors import FileGone
from upscaler.storage import Presentation, StoredFile
from upscaler.views.context import links, services

# Longest lifetime of a presigned URL of the storage, in seconds.
DIRECT_SECONDS = 300
BLOCK_BYTES = 1 << 16


def init_app(app: Flask) -> None:
    """Add ``/files`` to the application."""
    blueprint = Blueprint("files", __name__, url_prefix="/files")
    blueprint.add_url_rule("/<path:key>", view_func=get)
    app.register_blueprint(blueprint)


def get(key: str) -> WerkzeugResponse:
    """Send a stored file to the holder of a signed link to it."""
    filename, expires, now = request.args.get("name", ""), request.args.get("expires", ""), time.time()
    links().verify(key, filename, expires, request.args.get("signature", ""), now)
    try:
        stored = services().storage.stat(key)
    except ValueError:
        raise FileGone from None
    known = format_for_extension(key.rpartition(".")[2])
    kind = known.mime_type if known else "application/octet-stream"
    shown = Presentation(
        content_type=kind,
        disposition=disposition(
            filename, attachment="download" in request.args or kind not in SHOWN_MIME_TYPES
        ),
    )
    seconds = min(DIRECT_SECONDS, int(int(expires) - now))
    # A presigned URL is valid for GET only.
    direct = services().storage.link(key, shown, seconds) if request.method == "GET" and seconds else None
    return _redirect(direct, seconds) if direct else _send(key, stored, shown)


def disposition(filename: str, *, attachment: bool) -> str:
    """Return the ``Content-Disposition`` that offers a file under a name in any script."""
    names = {"filename": filename.encode("ascii", "replace").decode().replace("?", "_")}
    if not filename.isascii():
        names["filename*"] = f"UTF-8''{quote(filename, safe='')}"
    return dump_options_header("attachment" if attachment else "inline", names)


def _redirect(address: str, seconds: int) -> WerkzeugResponse:
    response = redirect(address)
    # A browser that comes back soon reuses the URL, and with it the image in its cache.
    response.headers["Cache-Control"] = f"private, max-age={seconds // 2}"
    return response


def _send(key: str, stored: StoredFile, shown: Presentation) -> Response:
    response = Response(content_type=shown.content_type)
    response.headers["Content-Disposition"] = shown.disposition
    # A key is written once and never again, so its name identifies its content.
    response.set_etag(key.replace("/", "-"))
    response.last_modified = datetime.fromtimestamp(stored.modified_at, timezone.utc)
    response.content_length = stored.size_bytes
    response.headers["Cache-Control"] = "private, max-age=3600"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.make_conditional(request, accept_ranges=True, complete_length=stored.size_bytes)
    if request.method != "GET":
        return response
    if response.status_code == 200:
        # The server sends a local file without reading it into this process.
        response.response = wrap_file(request.environ, services().storage.open(key), BLOCK_BYTES)
        response.direct_passthrough = True
    elif response.status_code == 206:
        start, stop = response.content_range.start or 0, response.content_range.stop or 0
        stream = services().storage.open(key, start, stop)
        if stream.seekable() and "wsgi.file_wrapper" in request.environ:
            # The server sends as much as the response says that its content has.
            response.response = wrap_file(request.environ, stream, BLOCK_BYTES)
            response.direct_passthrough = True
        else:
            response.call_on_close(stream.close)
            response.response = _blocks(stream, stop - start)
    return response


def _blocks(stream: BinaryIO, length: int) -> Iterator[bytes]:
    while length > 0 and (block := stream.read(min(BLOCK_BYTES, length))):
        length -= len(block)
        yield block
