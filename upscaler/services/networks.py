"""The table of networks, kept in step with the engine's catalogue."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from upscaler.engine.catalogue import MODELS, Model
from upscaler.models import NetworkModel


def sync_catalogue(session: Session) -> None:
    """Add the bundled networks that are missing and bring the others up to date; rows of other networks stay."""
    rows = {row.name: row for row in session.scalars(select(NetworkModel))}
    for model in MODELS.values():
        row = rows.get(model.name)
        if row is None:
            row = NetworkModel(name=model.name)
            session.add(row)
        for column, value in _columns(model).items():
            setattr(row, column, value)
    session.commit()


def _columns(model: Model) -> dict[str, object]:
    return {
        "type": model.type,
        "scale": model.scale,
        "artifact_path": f"bundled:{model.name}",
        "sha256": model.bin_sha256,
        "licence": model.licence,
        "default_params": {"noise_level": model.noise_level, "overlap": model.overlap},
        "gpu_required": False,
        "note": model.note,
    }
