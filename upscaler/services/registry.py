"""The services of one process, made from its settings."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from config import Config
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


def build_services(storage: Storage, queue: Queue, config: Config, signing_key: str) -> Services:
    """Wire the services."""
    settings, inspector = RuntimeSettings(config), Inspector()
    workspace = Workspace(config.scratch_dir)
    policy = AddressPolicy.parse(config.webhook_allowed_networks)
    return Services(
        storage=storage,
        storage_meter=StorageMeter(storage),
        queue=queue,
        settings=settings,
        submissions=Submissions(storage, inspector, settings, queue),
        previews=PreviewRequests(storage, inspector, settings, workspace),
        notifications=NotificationRules(policy, offers_mail=bool(config.smtp_host)),
        # Polls that wait may hold half of the threads; together they must leave some for everybody else.
        fetcher=ImageFetcher(policy, max(1, config.web_threads // 4)) if config.fetch_urls else None,
        custom_models=CustomModels(storage, workspace, config.max_model_size_bytes),
        workspace=workspace,
        signing_key=signing_key,
    )
