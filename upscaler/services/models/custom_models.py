"""Networks that admins add: tried before they are kept, stored for all workers, fetched by those that need them."""

from __future__ import annotations

import contextlib
import secrets
import shutil
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

from upscaler.engine.imaging.hashing import sha256_of
from upscaler.engine.model_import.importer import import_model
from upscaler.engine.model_import.probe import ProbeLimits
from upscaler.engine.model_zoo.catalogue import MODELS
from upscaler.engine.model_zoo.custom_model import (
    FACES,
    FILES,
    SERVICE,
    Manifest,
    Use,
    check_name,
    check_uses,
)
from upscaler.engine.model_zoo.model_folder import ModelFolder
from upscaler.errors import (
    N_,
    EngineUnavailable,
    FileGone,
    ModelConflict,
    ModelNotFound,
    ModelProtected,
    UnknownModel,
)
from upscaler.models import ModelRecord
from upscaler.services import audit
from upscaler.services.audit import Actor
from upscaler.services.files import pending_files
from upscaler.services.files.deletion import deletion
from upscaler.services.files.workspace import Workspace
from upscaler.services.models.model_table import added, manifest_of
from upscaler.storage import Storage

log = structlog.get_logger()

_DAMAGED = N_("The files of the model %(name)s are missing or damaged. Add it again.")


class CustomModels:
    """What admins may do with networks of their own."""

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
        """Try received files and keep them; nothing is kept when this raises.

        Args:
            session: of the database; it is committed.
            actor: who adds it.
            files: the name that each was sent with, and where it lies.
            name: of the model.
            licence: of its weights.
            uses: the choices that it serves in the place of their presets' own networks.

        Raises:
            UnusableParameter, FileTooLarge, ModelRefused: as ``import_model`` does.
            ModelConflict: there is a model of that name.
            StorageUnavailable, StorageFull: the storage did not take the files.

        """
        check_name(name)
        if session.scalar(select(ModelRecord.id).where(ModelRecord.name == name)) is not None:
            raise ModelConflict(name=name)
        # A trial may take minutes, and no connection to the database with it.
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
            row = _row(manifest)
            keys = storage_keys(row, manifest)
            try:
                with pending_files.reserved(session, self._storage, list(keys.values())):
                    for file, key in keys.items():
                        self._storage.save(key, staging / file)
                    pending_files.commit(session, list(keys.values()))
                    session.add(row)
                    _take_over(session, manifest)
                    details = {"kind": manifest.kind, "sha256": row.sha256, "licence": licence}
                    details |= _uses(manifest)
                    audit.record(session, actor, "model.add", entity=("model", name), details=details)
                    session.commit()
            except IntegrityError as error:
                # Somebody was faster with that name.
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
        """Change what is not None; raise ``ModelNotFound``, or ``ModelProtected`` for a network of the catalogue."""
        row, before = _find(session, name)
        check_uses(uses or (), before.findings)
        after = replace(
            before,
            active=before.active if active is None else active,
            licence=before.licence if licence is None else licence,
            uses=before.uses if uses is None else uses,
        )
        row.default_params, row.licence = after.as_dict(), after.licence
        _take_over(session, after)
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
        row, manifest = _find(session, name)
        details = {"sha256": row.sha256, **_uses(manifest)}
        with deletion(session, self._storage) as deleted:
            deleted.keys.extend(storage_keys(row, manifest).values())
            session.delete(row)
            audit.record(session, actor, "model.delete", entity=("model", name), details=details)
        log.info("model.deleted", model=name)


def provide(session: Session, storage: Storage, models: ModelFolder, name: str) -> None:
    """See that the model that a job names lies in the folder of this host; fetch it where it does not.

    Raises:
        UnknownModel: it was deleted.
        FileGone, StorageUnavailable: its files cannot be fetched.
        EngineUnavailable: what was fetched is not what was tried.

    """
    if name in MODELS:
        return
    try:
        row, manifest = _find(session, name)
    except ModelNotFound as error:
        raise UnknownModel(name=name) from error
    if models.holds(manifest):
        return
    staging = models.staging()
    try:
        for file, key in storage_keys(row, manifest).items():
            storage.fetch(key, staging / file)
            if sha256_of(staging / file) != manifest.sha256[file]:
                raise EngineUnavailable(_DAMAGED, name=name)
        with contextlib.suppress(ModelConflict):
            # Another worker of this host may have fetched it at the same time.
            models.put(staging, manifest, instead=True)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    log.info("model.fetched", model=name)


def provide_faces(session: Session, storage: Storage, models: ModelFolder) -> None:
    """See that the folder of this host has the service's active model for faces, where the engine looks for it.

    Of several, the first by name counts. One that was fetched before and is not active any more is not used either;
    what was added on this host itself stays, for the time when the service has none.

    Raises:
        StorageUnavailable, EngineUnavailable: as ``provide`` does, the latter also for a file that is not stored.

    """
    active = (one for one in added(session) if one.active and one.findings.purpose == FACES)
    wanted = next((replace(one, source=SERVICE) for one in active), None)
    if wanted is not None:
        try:
            provide(session, storage, models, wanted.name)
        except FileGone as error:
            # Its own words are about the image, which is still there.
            raise EngineUnavailable(_DAMAGED, name=wanted.name) from error
        if models.find(wanted.name) != wanted:
            models.update(wanted)
    for name in models.names():
        with contextlib.suppress(ModelNotFound):
            here = models.find(name)
            if here.source == SERVICE and here.active and (wanted is None or name != wanted.name):
                models.update(replace(here, active=False))


def storage_keys(row: ModelRecord, manifest: Manifest) -> dict[str, str]:
    """Return where each file of a model is stored."""
    folder = row.artifact_path.rpartition("/")[0]
    return {file: _key(folder, manifest, file) for file in FILES[manifest.kind]}


def _key(folder: str, manifest: Manifest, file: str) -> str:
    return f"{folder}/{manifest.sha256[file][:32]}.{file.rpartition('.')[2]}"


def _row(manifest: Manifest) -> ModelRecord:
    main = FILES[manifest.kind][-1]
    # A folder of its own, so that what becomes of one model's files is nothing to a later one of the same name.
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


def _find(session: Session, name: str) -> tuple[ModelRecord, Manifest]:
    if name in MODELS:
        raise ModelProtected(name=name)
    row = session.scalar(select(ModelRecord).where(ModelRecord.name == name))
    manifest = row and manifest_of(row)
    if row is None or manifest is None:
        raise ModelNotFound
    return row, manifest


def _take_over(session: Session, manifest: Manifest) -> None:
    """Take the choices of a model from all others: each is served by one."""
    if not manifest.uses:
        return
    for row in session.scalars(select(ModelRecord).where(ModelRecord.name != manifest.name)):
        other = manifest_of(row)
        if other is not None and set(other.uses) & set(manifest.uses):
            left = tuple(use for use in other.uses if use not in manifest.uses)
            row.default_params = replace(other, uses=left).as_dict()


def _uses(manifest: Manifest) -> dict[str, Any]:
    return {"uses": [asdict(use) for use in manifest.uses]}
