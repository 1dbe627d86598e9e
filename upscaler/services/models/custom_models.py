"""Models that admins add: imported after a trial, stored for all workers, changed and deleted."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from upscaler.engine.model_import.importer import import_model
from upscaler.engine.model_import.probe import ProbeLimits
from upscaler.engine.model_zoo.custom_model import Manifest, Use, check_name, check_uses
from upscaler.errors import ModelConflict
from upscaler.models import ModelRecord
from upscaler.services import audit
from upscaler.services.audit import Actor
from upscaler.services.files import pending_files
from upscaler.services.files.deletion import deletion
from upscaler.services.files.workspace import Workspace
from upscaler.services.models.custom_model_records import find_custom_model, new_record, storage_keys
from upscaler.services.models.model_table import manifest_of
from upscaler.storage import Storage

log = structlog.get_logger()


class CustomModels:
    """Adds, changes and deletes models."""

    def __init__(
        self, storage: Storage, workspace: Workspace, max_bytes: int, limits: ProbeLimits | None = None
    ) -> None:
        self.max_bytes = max_bytes
        self._storage = storage
        self._workspace = workspace
        self._limits = limits or ProbeLimits()
        self._one_at_a_time = threading.Lock()

    def add(
        self,
        session: Session,
        actor: Actor,
        files: Sequence[tuple[str, Path]],
        *,
        name: str,
        licence: str,
        uses: tuple[Use, ...],
    ) -> ModelRecord:
        """Try received files and store them; when this raises, nothing is stored.

        Args:
            session: of the database; it is committed.
            actor: who adds it.
            files: the name that each was sent with, and its path.
            name: of the model.
            licence: of its weights.
            uses: the presets and factors for which it replaces the models of the catalogue.

        Raises:
            UnusableParameter, FileTooLarge, ModelRefused: as ``import_model`` does.
            ModelConflict: there is a model of that name.
            StorageUnavailable, StorageFull: the storage did not take the files.

        """
        check_name(name)
        if session.scalar(select(ModelRecord.id).where(ModelRecord.name == name)) is not None:
            raise ModelConflict(name=name)
        # A trial may take minutes; no connection to the database is held meanwhile.
        session.rollback()
        with (
            tempfile.TemporaryDirectory(dir=self._workspace.folder, prefix="model-") as folder,
            self._one_at_a_time,
        ):
            staging = Path(folder)
            manifest = import_model(
                files,
                staging,
                name=name,
                licence=licence,
                uses=uses,
                max_bytes=self.max_bytes,
                limits=self._limits,
            )
            row = new_record(manifest)
            keys = storage_keys(row, manifest)
            try:
                with pending_files.reserved(session, self._storage, list(keys.values())):
                    for file, key in keys.items():
                        self._storage.save(key, staging / file)
                    pending_files.commit(session, list(keys.values()))
                    session.add(row)
                    _take_uses(session, manifest)
                    details = {"kind": manifest.kind, "sha256": row.sha256, "licence": licence}
                    details |= _uses(manifest)
                    audit.record(session, actor, "model.add", entity=("model", name), details=details)
                    session.commit()
            except IntegrityError as error:
                # Another request with that name was faster.
                raise ModelConflict(name=name) from error
        log.info("model.added", model=name, kind=manifest.kind, scale=manifest.findings.scale)
        return row

    def change(
        self,
        session: Session,
        actor: Actor,
        name: str,
        *,
        active: bool | None = None,
        licence: str | None = None,
        uses: tuple[Use, ...] | None = None,
    ) -> ModelRecord:
        """Change what is not None; raise ``ModelNotFound``, or ``ModelProtected`` for a model of the catalogue."""
        row, before = find_custom_model(session, name)
        check_uses(uses or (), before.findings)
        after = replace(
            before,
            active=before.active if active is None else active,
            licence=before.licence if licence is None else licence,
            uses=before.uses if uses is None else uses,
        )
        row.default_params, row.licence = after.as_dict(), after.licence
        _take_uses(session, after)
        shown = [
            {"active": manifest.active, "licence": manifest.licence, **_uses(manifest)}
            for manifest in (before, after)
        ]
        details = {"from": shown[0], "to": shown[1]}
        audit.record(session, actor, "model.change", entity=("model", name), details=details)
        session.commit()
        return row

    def delete(self, session: Session, actor: Actor, name: str) -> None:
        """Delete a model with its files; raises as ``change`` does. Jobs that wait for it will fail."""
        row, manifest = find_custom_model(session, name)
        details = {"sha256": row.sha256, **_uses(manifest)}
        with deletion(session, self._storage) as deleted:
            deleted.keys.extend(storage_keys(row, manifest).values())
            session.delete(row)
            audit.record(session, actor, "model.delete", entity=("model", name), details=details)
        log.info("model.deleted", model=name)


def _take_uses(session: Session, manifest: Manifest) -> None:
    """Take the uses of a model from all others: each combination of preset and factor is served by one model."""
    if not manifest.uses:
        return
    for row in session.scalars(select(ModelRecord).where(ModelRecord.name != manifest.name)):
        other = manifest_of(row)
        if other is not None and set(other.uses) & set(manifest.uses):
            left = tuple(use for use in other.uses if use not in manifest.uses)
            row.default_params = replace(other, uses=left).as_dict()


def _uses(manifest: Manifest) -> dict[str, Any]:
    return {"uses": [asdict(use) for use in manifest.uses]}
