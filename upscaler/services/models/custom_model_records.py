"""The rows of models that admins added: finding them, building them, and the storage keys of their files."""

from __future__ import annotations

import secrets

from sqlalchemy import select
from sqlalchemy.orm import Session

from upscaler.engine.model_zoo.catalogue import MODELS
from upscaler.engine.model_zoo.custom_model import FACES, FILES, Manifest
from upscaler.errors import ModelNotFound, ModelProtected
from upscaler.models import ModelRecord
from upscaler.services.models.model_table import manifest_of


def find_custom_model(session: Session, name: str) -> tuple[ModelRecord, Manifest]:
    """Return a model and its manifest; raise ``ModelNotFound``, or ``ModelProtected`` for one of the catalogue."""
    if name in MODELS:
        raise ModelProtected(name=name)
    row = session.scalar(select(ModelRecord).where(ModelRecord.name == name))
    manifest = row and manifest_of(row)
    if row is None or manifest is None:
        raise ModelNotFound
    return row, manifest


def new_record(manifest: Manifest) -> ModelRecord:
    """Build the row of a model; the caller adds it."""
    main = FILES[manifest.kind][-1]
    # A folder of its own, so that deleting a model never affects the files of a later one of the same name.
    folder = f"models/{manifest.name}/{secrets.token_hex(8)}"
    return ModelRecord(
        name=manifest.name,
        type="faces" if manifest.findings.purpose == FACES else "other",
        scale=manifest.findings.scale,
        artifact_path=_key(folder, manifest, main),
        sha256=manifest.sha256[main],
        licence=manifest.licence,
        default_params=manifest.as_dict(),
        note="",
    )


def storage_keys(row: ModelRecord, manifest: Manifest) -> dict[str, str]:
    """Return the storage key of each file of a model."""
    folder = row.artifact_path.rpartition("/")[0]
    return {file: _key(folder, manifest, file) for file in FILES[manifest.kind]}


def _key(folder: str, manifest: Manifest, file: str) -> str:
    return f"{folder}/{manifest.sha256[file][:32]}.{file.rpartition('.')[2]}"
