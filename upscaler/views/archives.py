"""The results of a batch as one ZIP file, written while it is sent."""

from __future__ import annotations

import time

from flask import Blueprint, Response, request

from upscaler.extensions import db
from upscaler.models import Batch
from upscaler.services.batches import batches
from upscaler.services.batches.packing import pack
from upscaler.views.context import links, services
from upscaler.views.files import disposition

blueprint = Blueprint("archives", __name__, url_prefix="/files")


@blueprint.get("/batches/<id:batch_id>.zip")
def archive(batch_id: str) -> Response:
    """Send the results of a batch to the holder of a signed link to them."""
    filename, expires = request.args.get("name", ""), request.args.get("expires", "")
    links().verify(archive_key(batch_id), filename, expires, request.args.get("signature", ""), time.time())
    return send_archive(batches.find(db.session(), batch_id))


def archive_key(batch_id: str) -> str:
    """Return what a signed link to the archive of a batch names; no stored file has such a name."""
    return f"batches/{batch_id}.zip"


def send_archive(batch: Batch) -> Response:
    """Answer with an archive of the results; raise ``BatchConflict`` while there are none."""
    packed = batches.archive_of(batch)
    # The storage alone is asked while this is sent, after the request has let go of the database.
    response = Response(
        pack(services().storage, packed.files, packed.manifest), content_type="application/zip"
    )
    response.headers["Content-Disposition"] = disposition(packed.filename, attachment=True)
    # The next one may hold more.
    response.headers["Cache-Control"] = "no-store"
    return response
