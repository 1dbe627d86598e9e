"""The results of a batch as a ZIP file that is packed while it is sent."""

from __future__ import annotations

import time

from flask import Flask, Response, request

from upscaler.extensions import db
from upscaler.models import Batch
from upscaler.services.batches.archive import archive_of
from upscaler.services.batches.packing import pack
from upscaler.services.batches.state import find_batch
from upscaler.views.context import links, services
from upscaler.views.files import disposition


def init_app(app: Flask) -> None:
    """Add the archives of batches to the application."""
    app.add_url_rule("/files/batches/<id:batch_id>.zip", view_func=archive)


def archive(batch_id: str) -> Response:
    """Send the results of a batch to the holder of a signed link to them."""
    filename, expires = request.args.get("name", ""), request.args.get("expires", "")
    links().verify(archive_key(batch_id), filename, expires, request.args.get("signature", ""), time.time())
    return send_archive(find_batch(db.session(), batch_id))


def archive_key(batch_id: str) -> str:
    """Return the key that a signed link to the archive of a batch names; no stored file has such a key."""
    return f"batches/{batch_id}.zip"


def send_archive(batch: Batch) -> Response:
    """Send an archive of the results; raise ``BatchConflict`` while there are none."""
    packed = archive_of(batch)
    # Only the storage is read while this is sent; the request has released its database session by then.
    response = Response(
        pack(services().storage, packed.files, packed.manifest), content_type="application/zip"
    )
    response.headers["Content-Disposition"] = disposition(packed.filename, attachment=True)
    # A later archive may hold more results.
    response.headers["Cache-Control"] = "no-store"
    return response
