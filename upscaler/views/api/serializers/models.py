"""Models as responses show them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from upscaler.engine.model_zoo.catalogue import MODELS
from upscaler.engine.model_zoo.custom_model import UPSCALING
from upscaler.models import ModelRecord, iso8601
from upscaler.services.models.model_table import in_use, manifest_of


def model_fields(row: ModelRecord) -> dict[str, Any]:
    """Return what everyone may know of a model."""
    names = ("name", "type", "scale", "licence", "sha256", "gpu_required", "note")
    return {"id": row.name, **{name: getattr(row, name) for name in names}}


def admin_model_fields(row: ModelRecord) -> dict[str, Any]:
    """Return all about a model, whether it was added or comes with the service."""
    manifest = manifest_of(row)
    added: dict[str, Any] = {
        "kind": None,
        "purpose": UPSCALING,
        "uses": [],
        "file_hashes": {},
        "findings": {},
    }
    if manifest is not None:
        added = {
            "kind": manifest.kind,
            "purpose": manifest.findings.purpose,
            "uses": [asdict(use) for use in manifest.uses],
            "file_hashes": manifest.sha256,
            "findings": asdict(manifest.findings),
        }
    return {
        **model_fields(row),
        "created_at": iso8601(row.created_at),
        # Not those without a manifest: that of an added model may be one that only a later version reads.
        "is_bundled": row.name in MODELS,
        "is_active": in_use(row),
        **added,
    }
