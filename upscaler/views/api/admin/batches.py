"""All batches of all accounts and visitors."""

from __future__ import annotations

from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue

from upscaler.errors import BatchNotFound, UnusableParameter
from upscaler.extensions import db
from upscaler.models import Batch
from upscaler.services import queries
from upscaler.services.batches.state import find_batch
from upscaler.services.paging import page_of
from upscaler.views.api.operations import admin_operation
from upscaler.views.api.paging import answer_page, day_after
from upscaler.views.api.schemas.batches import AdminBatchesQuery, AdminBatchListSchema, AdminBatchSchema
from upscaler.views.api.serializers.batches import batch_status, batch_summary


def list_admin_batches(query: dict[str, Any]) -> ResponseReturnValue:
    """List the batches of everyone, the newest first."""
    wanted = queries.batches(
        owner=query["owner"], since=query["since"], until=query["until"] and day_after(query["until"])
    )
    page = page_of(
        db.session(), wanted, (Batch.created_at, Batch.id), cursor=query["cursor"], limit=query["limit"]
    )
    return answer_page(page, _summary)


def get_admin_batch(batch_id: str) -> ResponseReturnValue:
    """Return a batch with each of its files, and whose it is."""
    batch = find_batch(db.session(), batch_id)
    return jsonify({**batch_status(batch), **_owner(batch)}), {"Cache-Control": "no-store"}


def _summary(batch: Batch) -> dict[str, Any]:
    return {**batch_summary(batch), **_owner(batch)}


def _owner(batch: Batch) -> dict[str, Any]:
    return {"owner": batch.owner.username if batch.owner else None}


OPERATIONS = (
    admin_operation(
        "list_admin_batches",
        "GET",
        "/batches",
        list_admin_batches,
        query=AdminBatchesQuery(),
        answer=AdminBatchListSchema(),
        errors=(UnusableParameter,),
    ),
    admin_operation(
        "get_admin_batch",
        "GET",
        "/batches/<id:batch_id>",
        get_admin_batch,
        answer=AdminBatchSchema(),
        errors=(BatchNotFound,),
    ),
)
