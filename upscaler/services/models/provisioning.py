"""Provisioning of hosts: models that admins added are fetched into the folder where the engine looks for them."""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import replace

import structlog
from sqlalchemy.orm import Session

from upscaler.engine.model_zoo.catalogue import MODELS
from upscaler.engine.model_zoo.custom_model import FACES, SERVICE
from upscaler.engine.model_zoo.model_folder import ModelFolder
from upscaler.errors import (
    N_,
    EngineUnavailable,
    FileGone,
    ModelConflict,
    ModelNotFound,
    UnknownModel,
)
from upscaler.services.models.custom_model_records import find_custom_model, storage_keys
from upscaler.services.models.model_table import added
from upscaler.storage import Storage

log = structlog.get_logger()

_DAMAGED = N_("The files of the model %(name)s are missing or damaged. Add it again.")


def provide(session: Session, storage: Storage, models: ModelFolder, name: str) -> None:
    """Fetch the model that a job names into the folder of this host, unless it is there.

    Raises:
        UnknownModel: it was deleted.
        FileGone, StorageUnavailable: its files cannot be fetched.
        EngineUnavailable: the fetched files are not those that were imported.
    """
    if name in MODELS:
        return
    try:
        row, manifest = find_custom_model(session, name)
    except ModelNotFound as error:
        raise UnknownModel(name=name) from error
    if models.holds(manifest):
        return
    staging = models.staging()
    try:
        for file, key in storage_keys(row, manifest).items():
            if storage.fetch(key, staging / file) != manifest.sha256[file]:
                raise EngineUnavailable(_DAMAGED, name=name)
        with contextlib.suppress(ModelConflict):
            # Another worker of this host may have fetched it at the same time.
            models.put(staging, manifest, instead=True)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    log.info("model.fetched", model=name)


def provide_faces(session: Session, storage: Storage, models: ModelFolder) -> None:
    """Fetch the service's active face model into the folder of this host.

    Of several, the first by name counts. A model that was fetched before and is no longer active is deactivated here as
    well; one that was added on this host itself stays, and is used while the service has none.

    Raises:
        StorageUnavailable, EngineUnavailable: as ``provide`` does, the latter also for a file that is not stored.
    """
    active = (one for one in added(session) if one.active and one.findings.purpose == FACES)
    wanted = next((replace(one, source=SERVICE) for one in active), None)
    if wanted is not None:
        try:
            provide(session, storage, models, wanted.name)
        except FileGone as error:
            # The message of ``FileGone`` is about an image.
            raise EngineUnavailable(_DAMAGED, name=wanted.name) from error
        if models.find(wanted.name) != wanted:
            models.update(wanted)
    for name in models.names():
        with contextlib.suppress(ModelNotFound):
            here = models.find(name)
            if here.source == SERVICE and here.active and (wanted is None or name != wanted.name):
                models.update(replace(here, active=False))
