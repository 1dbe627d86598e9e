"""Batches and their items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from tests.factories.base import stored
from upscaler.models import Batch, BatchItem, Job


def new_batch(session: Session, jobs: Sequence[Job] = (), **values: Any) -> Batch:
    """Store a batch with an item for each job."""
    items = [
        BatchItem(position=position, filename=f"{position}.png", job_id=job.id)
        for position, job in enumerate(jobs)
    ]
    return stored(session, Batch(items=items, **values))


def new_batch_item(session: Session, batch: Batch | None = None, **values: Any) -> BatchItem:
    """Store a further item of a batch."""
    owner = batch or new_batch(session)
    usual = {"position": len(owner.items), "filename": "cat.png"}
    return stored(session, BatchItem(batch_id=owner.id, **{**usual, **values}))
