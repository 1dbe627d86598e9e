"""The services of one process, made from its settings."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from upscaler.engine.imaging.formats import INPUT_MIME_TYPES
from upscaler.engine.options import FACTORS
from upscaler.engine.process.inspector import Inspector
from upscaler.services.files.links import LinkSigner
from upscaler.services.files.workspace import Workspace
from upscaler.services.jobs.queue import Queue
from upscaler.services.jobs.submissions import Submissions
from upscaler.services.models.custom_models import CustomModels
from upscaler.services.monitoring.statistics import StorageMeter
from upscaler.services.notifications.rules import NotificationRules
from upscaler.services.outbound.addresses import AddressPolicy
from upscaler.services.outbound.fetching import ImageFetcher
from upscaler.services.previews.requests import PreviewRequests
from upscaler.services.settings.kinds import several_of
from upscaler.services.settings.runtime import RuntimeSettings
from upscaler.storage import Storage


@dataclass(frozen=True)
class Services:
    """What views call."""

    storage: Storage
    storage_meter: StorageMeter
    queue: Queue
    settings: RuntimeSettings
    submissions: Submissions
    previews: PreviewRequests
    notifications: NotificationRules
    fetcher: ImageFetcher | None
    custom_models: CustomModels
    workspace: Workspace
    signing_key: str

    def links(self, ttl_seconds: int) -> LinkSigner:
        """Return a signer of links that are valid for ``ttl_seconds``."""
        return LinkSigner(self.signing_key, ttl_seconds)

    def submitter(self, name: str) -> str:
        """Return what stands for somebody in the table of jobs: it tells people apart, not who they are."""
        key = hashlib.sha256(self.signing_key.encode()).digest()
        return hashlib.blake2b(name.encode(), key=key, digest_size=16, person=b"submitter").hexdigest()


def build_services(
    storage: Storage, queue: Queue, defaults: dict[str, Any], signing_key: str, scratch_dir: Path
) -> Services:
    """Wire the services. ``defaults`` are the environment's settings, ``scratch_dir`` is for what is soon gone."""
    settings, inspector = RuntimeSettings(default_settings(defaults)), Inspector()
    workspace = Workspace(scratch_dir)
    policy = AddressPolicy.parse(defaults["webhook_allowed_networks"])
    return Services(
        storage=storage,
        storage_meter=StorageMeter(storage),
        queue=queue,
        settings=settings,
        submissions=Submissions(storage, inspector, settings, queue),
        previews=PreviewRequests(storage, inspector, settings, workspace),
        notifications=NotificationRules(policy, offers_mail=bool(defaults["smtp_host"])),
        # Polls that wait may hold half of the threads; together they must leave some for everybody else.
        fetcher=ImageFetcher(policy, max(1, defaults["web_threads"] // 4))
        if defaults["fetch_urls"]
        else None,
        custom_models=CustomModels(storage, workspace, defaults["max_model_size_bytes"]),
        workspace=workspace,
        signing_key=signing_key,
    )


def default_settings(environment: dict[str, Any]) -> dict[str, Any]:
    """Return the runtime settings as they are until an admin changes them."""
    return {
        "allowed_mimes": list(INPUT_MIME_TYPES),
        "default_preset": "standard",
        **environment,
        "factors": several_of(FACTORS).parse(environment["factors"]),
    }
