"""The composition root: the services of a process, made from its configuration."""

from __future__ import annotations

import hashlib
from functools import cached_property

from sqlalchemy.orm import sessionmaker

from config import Config, derived_keys, keys
from upscaler.engine.process.inspector_pool import InspectorPool, inspectors_for
from upscaler.models.database import Sessions, make_engine
from upscaler.services.files.links import LinkSigner
from upscaler.services.files.storages import build_storage
from upscaler.services.files.virus_scan import VirusScanner, scanner_of
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
from upscaler.storage.registry import Role


class Services:
    """The services that web processes, workers and scripts share.

    Each is made when it is first used: a script opens a storage and nothing else. What threads are to share is made
    before they start; see ``prepare``.
    """

    def __init__(self, config: Config, *, queue: Queue | None, role: Role) -> None:
        self.config = config
        self._queue = queue
        self._role: Role = role

    @classmethod
    def from_config(cls, config: Config, *, queue: Queue | None = None, role: Role = "web") -> Services:
        """Make the services of a process. Without a queue, those that enqueue jobs cannot be used."""
        return cls(config, queue=queue, role=role)

    def prepare(self) -> None:
        """Make what the threads of a web process share.

        Raises:
            StorageSettingsError: the settings lead to no usable storage.
        """
        _ = (self.link_keys, self.storage_meter, self.submissions, self.previews)
        _ = (self.notifications, self.fetcher, self.custom_models)

    @property
    def queue(self) -> Queue:
        """The queue of job ids."""
        if self._queue is None:
            raise RuntimeError("this process has no queue")
        return self._queue

    @cached_property
    def sessions(self) -> Sessions:
        """A source of database sessions, for workers and scripts; requests have those of their application."""
        return sessionmaker(make_engine(self.config.database_uri), expire_on_commit=False)

    @cached_property
    def link_keys(self) -> tuple[str, ...]:
        """The keys of links: the first one signs, all of them verify."""
        return derived_keys(self.config, keys.LINKS)

    @cached_property
    def _name_key(self) -> bytes:
        return bytes.fromhex(derived_keys(self.config, keys.NAMES)[0])

    @cached_property
    def storage(self) -> Storage:
        """The storage for images. ``build_storage`` says what it raises."""
        return build_storage(self.config, self._role)

    @cached_property
    def storage_meter(self) -> StorageMeter:
        """The measurement of the storage."""
        return StorageMeter(self.storage)

    @cached_property
    def settings(self) -> RuntimeSettings:
        """The runtime settings in force."""
        return RuntimeSettings(self.config)

    @cached_property
    def workspace(self) -> Workspace:
        """The folder of this process for temporary files."""
        return Workspace(self.config.scratch_dir)

    @cached_property
    def address_policy(self) -> AddressPolicy:
        """The addresses that webhooks and image URLs may reach."""
        return AddressPolicy(self.config.webhook_allowed_networks)

    @cached_property
    def inspector(self) -> InspectorPool:
        """The child processes that check images."""
        return InspectorPool(inspectors_for(self.workspace.folder))

    @cached_property
    def scanner(self) -> VirusScanner | None:
        """The scanner of received files; None where the operator wants none."""
        return scanner_of(self.config)

    @cached_property
    def submissions(self) -> Submissions:
        """The acceptance of images."""
        return Submissions(self.storage, self.inspector, self.scanner, self.settings, self.queue)

    @cached_property
    def previews(self) -> PreviewRequests:
        """The acceptance of previews."""
        return PreviewRequests(self.storage, self.inspector, self.scanner, self.settings, self.workspace)

    @cached_property
    def notifications(self) -> NotificationRules:
        """The rules for webhooks and e-mails."""
        return NotificationRules(self.address_policy, offers_mail=bool(self.config.smtp_host))

    @cached_property
    def fetcher(self) -> ImageFetcher | None:
        """The download of images from URLs; None where the operator has turned it off."""
        if not self.config.fetch_urls:
            return None
        # Polls that wait may hold half of the threads; together they must leave some for other requests.
        return ImageFetcher(self.address_policy, max(1, self.config.web_threads // 4))

    @cached_property
    def custom_models(self) -> CustomModels:
        """The models that admins add."""
        return CustomModels(self.storage, self.workspace, self.config.max_model_size_bytes)

    def links(self, ttl_seconds: int) -> LinkSigner:
        """Return a signer of links that are valid for ``ttl_seconds``."""
        return LinkSigner(self.link_keys, ttl_seconds)

    def submitter(self, name: str) -> str:
        """Return a pseudonym of a caller for the table of jobs: it distinguishes callers and does not name them."""
        return hashlib.blake2b(
            name.encode(), key=self._name_key, digest_size=16, person=b"submitter"
        ).hexdigest()
