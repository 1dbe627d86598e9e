"""The threads of a worker that send the news of ended jobs.

The consumer runs one task at a time, and a receiver may take its time to answer: sending must never hold up an image.
So it happens beside the consumer, on every worker, and not as a task of the queue.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from datetime import datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError

import config as configuration
from upscaler.models import DeliveryKind, utcnow
from upscaler.services.notifications.mail import MailChannel
from upscaler.services.notifications.message import Channel
from upscaler.services.notifications.sender import Sender, Sessions
from upscaler.services.notifications.signing import secrets_in_use
from upscaler.services.notifications.smtp import MailServer
from upscaler.services.notifications.webhook import WebhookChannel
from upscaler.services.outbound.addresses import AddressPolicy
from upscaler.services.settings.runtime import RuntimeSettings

log = structlog.get_logger()

# Threads of one worker: a receiver that does not answer holds up one of them for its 15 seconds.
THREADS = 3
# How often one of them looks for what is due, in seconds. A job that ends here is told of at once.
LOOK_SECONDS = 3.0
TIDY_SECONDS = 600.0
# How long a stopping worker waits for a message on its way. One that is cut off is sent again by another worker.
STOP_SECONDS = 1.0


class DeliveryThreads:
    """Keeps a sender busy."""

    def __init__(self, sender: Sender, look_seconds: float = LOOK_SECONDS) -> None:
        self._sender = sender
        self._look_seconds = look_seconds
        self._stopping = threading.Event()
        self._due = threading.Semaphore(0)
        self._tidied_at = float("-inf")
        self._threads = [
            threading.Thread(target=self._work, name=f"deliveries-{number}", args=(number == 0,), daemon=True)
            for number in range(THREADS)
        ]

    def start(self) -> None:
        """Begin to send."""
        for thread in self._threads:
            thread.start()

    def nudge(self) -> None:
        """Have a thread look at once, because there may be something to send."""
        self._due.release()

    def stop(self) -> None:
        """Begin nothing more, and wait a moment for what is on its way."""
        self._stopping.set()
        self._due.release(len(self._threads))
        deadline = time.monotonic() + STOP_SECONDS
        for thread in self._threads:
            # A worker that stops before it has started has threads that never ran.
            with contextlib.suppress(RuntimeError):
                thread.join(max(0.0, deadline - time.monotonic()))

    def _work(self, is_lookout: bool) -> None:
        while not self._stopping.is_set():
            try:
                if is_lookout:
                    self._tidy()
                # Whoever has found something wakes the next one, which looks for more in the meantime.
                while not self._stopping.is_set() and self._sender.send_next(self.nudge):
                    pass
            except SQLAlchemyError:
                # The database may be away for a moment. What was claimed is free again when its lease runs out.
                log.warning("deliveries.failed", exc_info=True)
            # One that looks is enough: an idle worker has little to do.
            self._due.acquire(timeout=self._look_seconds if is_lookout else None)

    def _tidy(self) -> None:
        if time.monotonic() - self._tidied_at >= TIDY_SECONDS:
            self._sender.tidy()
            self._tidied_at = time.monotonic()


def build_sender(
    config: configuration.Config, sessions: Sessions, clock: Callable[[], datetime] = utcnow
) -> Sender:
    """Make a sender with the channels that the settings offer."""
    key = configuration.secret_key(config)
    channels: dict[DeliveryKind, Channel] = {
        DeliveryKind.WEBHOOK: WebhookChannel(
            secrets_in_use(config.webhook_secret.get_secret_value(), key),
            AddressPolicy.parse(config.webhook_allowed_networks),
            time.time,
        )
    }
    if config.smtp_host:
        server = MailServer(
            config.smtp_host,
            config.smtp_port,
            config.smtp_security,
            config.smtp_user,
            config.smtp_password.get_secret_value(),
        )
        channels[DeliveryKind.EMAIL] = MailChannel(server, config.mail_from)
    return Sender(
        sessions,
        channels,
        RuntimeSettings(config),
        signing_key=key,
        public_url=config.public_url,
        keep_days=config.notification_days,
        clock=clock,
    )
