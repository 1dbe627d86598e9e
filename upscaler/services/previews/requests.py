"""Submission of previews: check the image, store the crop and nothing else, insert the row."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import structlog
from sqlalchemy.orm import Session

from upscaler.engine.imaging.crops import Crop
from upscaler.engine.imaging.inspection import Cutting
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.process.inspector_pool import InspectorPool
from upscaler.errors import PreviewNotFound
from upscaler.models import Preview, utcnow
from upscaler.models.types import random_id
from upscaler.services.audit import Actor
from upscaler.services.files import pending_files
from upscaler.services.files.incoming import IncomingFile
from upscaler.services.files.virus_scan import VirusScanner
from upscaler.services.files.workspace import Workspace
from upscaler.services.jobs import offers, quota
from upscaler.services.jobs.file_checks import checked_bytes, inspection_limits
from upscaler.services.settings.runtime import RuntimeSettings
from upscaler.storage import Storage, make_key

log = structlog.get_logger()

LIFETIME = timedelta(hours=1)


class PreviewRequests:
    """Accepts previews."""

    def __init__(
        self,
        storage: Storage,
        inspector: InspectorPool,
        scanner: VirusScanner | None,
        settings: RuntimeSettings,
        workspace: Workspace,
    ) -> None:
        self._storage = storage
        self._inspector = inspector
        self._scanner = scanner
        self._settings = settings
        self._workspace = workspace

    @contextmanager
    def stored(
        self,
        session: Session,
        incoming: IncomingFile,
        crop: Crop,
        options: UpscaleOptions,
        presets: Sequence[str],
        actor: Actor,
    ) -> Iterator[Preview]:
        """Yield a queued preview of a received file; rows that the block adds are committed with it.

        Nothing is left when this raises.

        Args:
            session: of the database.
            incoming: the whole image.
            crop: the piece that is wanted.
            options: what was chosen; its preset does not matter.
            presets: what to try on the piece.
            actor: who sent it, the owner where that is an account.

        Raises:
            QueueFull: too many previews wait already.
            Infected, ScannerUnavailable: as ``VirusScanner.check`` does.
            EmptyFile, FileTooLarge, UnsupportedImage, TooManyPixels, SeveralImages, DamagedImage:
                the file is refused.
            CropOutside: the piece does not lie within the image.
            InvalidParameter: the factor is not offered.
        """
        limits = self._settings.values(session)
        offers.check(session, limits, options.as_dict())
        quota.check_previews(session)
        checked_bytes(incoming.path, limits)
        if self._scanner is not None:
            self._scanner.check(session, incoming, actor)
        preview_id = random_id("pre")
        crop_path = make_key("previews", preview_id, "png")
        with tempfile.TemporaryDirectory(dir=self._workspace.folder, prefix=f"{preview_id}-") as folder:
            piece = Path(folder) / "crop.png"
            info = self._inspector.inspect(
                incoming.path, inspection_limits(limits), incoming.filename, Cutting(crop, piece)
            )
            left, top, right, bottom = crop.within(info.width, info.height)
            preview = Preview(
                id=preview_id,
                owner_id=actor.user_id,
                params=options.as_dict(),
                presets=list(presets),
                crop_path=crop_path,
                left=left,
                top=top,
                width=right - left,
                height=bottom - top,
                jpeg_quality=info.jpeg_quality,
                expires_at=utcnow() + LIFETIME,
            )
            with pending_files.reserved(session, self._storage, [crop_path]):
                self._storage.save(crop_path, piece)
                pending_files.commit(session, [crop_path])
                session.add(preview)
                session.flush()
                yield preview
                session.commit()
        log.info("preview.accepted", preview_id=preview_id, presets=presets)


def find(session: Session, preview_id: str) -> Preview:
    """Return a preview; raise ``PreviewNotFound`` when there is none, or it has expired."""
    preview = session.get(Preview, preview_id, populate_existing=True)
    if preview is None or preview.expires_at <= utcnow():
        raise PreviewNotFound
    return preview
