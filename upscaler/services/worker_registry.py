"""The services of a worker: those that every process has, the engine, and what uses it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from pathlib import Path

from config import Config, secret_keys
from upscaler.engine.process.client import EngineLimits, EngineProcess
from upscaler.engine.settings import EngineSettings, available_threads
from upscaler.models import DeliveryKind, utcnow
from upscaler.models.database import Sessions
from upscaler.services.jobs.queue import Queue
from upscaler.services.jobs.runner import Folders, JobRunner
from upscaler.services.jobs.tile_cache import TileCache
from upscaler.services.notifications.mail import MailChannel
from upscaler.services.notifications.message import Channel
from upscaler.services.notifications.sender import Sender
from upscaler.services.notifications.signing import derive
from upscaler.services.notifications.smtp import MailServer
from upscaler.services.notifications.webhook import WebhookChannel
from upscaler.services.previews.runner import PreviewRunner
from upscaler.services.registry import Services
from upscaler.storage.registry import Role

# With this limit there is room for a large model twice: 0.4 GB, besides the 1.4 GB that it takes for a window.
_ROOMY_BYTES = 3_000_000_000


class WorkerServices(Services):
    """The services of a worker. ``sessions`` stands in for those of the database that the configuration names."""

    def __init__(
        self, config: Config, *, queue: Queue | None, role: Role, sessions: Sessions | None = None
    ) -> None:
        super().__init__(config, queue=queue, role=role)
        if sessions is not None:
            self.sessions = sessions

    @classmethod
    def from_config(
        cls,
        config: Config,
        *,
        queue: Queue | None = None,
        role: Role = "worker",
        sessions: Sessions | None = None,
    ) -> WorkerServices:
        """Make the services of a worker."""
        return cls(config, queue=queue, role=role, sessions=sessions)

    @cached_property
    def engine(self) -> EngineProcess:
        """The engine process; it starts with its first image."""
        settings = EngineSettings(
            engine=self.config.engine,
            threads=self.config.engine_threads or available_threads(),
            tile_pixels=self.config.engine_tile,
            gpu_index=self.config.engine_gpu,
            models_dir=str(self.config.models_dir),
            cache_dir=str(self.config.cache_dir),
            memory_bytes=self.config.job_memory_bytes,
            serves_previews=self.config.job_memory_bytes >= _ROOMY_BYTES,
            trial=self.config.engine_trial,
            caged=self.config.engine_cage,
        )
        limits = EngineLimits(
            timeout_seconds=self.config.job_timeout_seconds, memory_bytes=self.config.job_memory_bytes
        )
        return EngineProcess(settings, limits, self.workspace.folder, [self._tiles_dir])

    @cached_property
    def tiles(self) -> TileCache:
        """The tile cache of this host."""
        return TileCache(self._tiles_dir, self.config.tile_cache_bytes)

    @property
    def _tiles_dir(self) -> Path:
        return self.config.scratch_dir / "tiles"

    @cached_property
    def webhook_secrets(self) -> list[str]:
        """The secrets that sign webhooks, the first one for new messages."""
        given = [secret.get_secret_value() for secret in self.config.webhook_secret]
        return given or [derive(key) for key in secret_keys(self.config)]

    def job_runner(self, worker_id: str) -> JobRunner:
        """Return a runner of jobs."""
        return JobRunner(
            self.sessions,
            self.storage,
            self.engine,
            self.queue,
            worker_id=worker_id,
            folders=self._folders,
            lease_seconds=self.config.lease_seconds,
            max_attempts=self.config.job_max_attempts,
        )

    def preview_runner(self, worker_id: str) -> PreviewRunner:
        """Return a runner of previews."""
        return PreviewRunner(
            self.sessions, self.storage, self.engine, worker_id=worker_id, folders=self._folders
        )

    def sender(self, clock: Callable[[], datetime] = utcnow) -> Sender:
        """Return a sender with the channels that the configuration offers."""
        return Sender(
            self.sessions,
            self._channels(),
            self.settings,
            link_keys=self.link_keys,
            public_url=self.config.public_url,
            keep_days=self.config.notification_days,
            clock=clock,
        )

    @cached_property
    def _folders(self) -> Folders:
        return Folders(self.workspace, self.tiles, self.config.models_dir)

    def _channels(self) -> dict[DeliveryKind, Channel]:
        channels: dict[DeliveryKind, Channel] = {
            DeliveryKind.WEBHOOK: WebhookChannel(self.webhook_secrets, self.address_policy, time.time)
        }
        if self.config.smtp_host:
            server = MailServer(
                self.config.smtp_host,
                self.config.smtp_port,
                self.config.smtp_security,
                self.config.smtp_user,
                self.config.smtp_password.get_secret_value(),
            )
            channels[DeliveryKind.EMAIL] = MailChannel(server, self.config.mail_from)
        return channels
