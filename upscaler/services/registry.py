"""The services of one process, made from its settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from upscaler.engine.formats import INPUT_MIME_TYPES
from upscaler.engine.options import FACTORS
from upscaler.engine.process.inspector import Inspector
from upscaler.services.links import LinkSigner
from upscaler.services.notifications import NotificationRules
from upscaler.services.notify.addresses import AddressPolicy
from upscaler.services.queue import Queue
from upscaler.services.settings import RuntimeSettings, several_of
from upscaler.services.submissions import Submissions
from upscaler.storage import Storage


@dataclass(frozen=True)
class Services:
    """What views call."""

    storage: Storage
    queue: Queue
    settings: RuntimeSettings
    submissions: Submissions
    notifications: NotificationRules
    signing_key: str

    def links(self, ttl_seconds: int) -> LinkSigner:
        """Return a signer of links that are valid for ``ttl_seconds``."""
        return LinkSigner(self.signing_key, ttl_seconds)


def build_services(storage: Storage, queue: Queue, defaults: dict[str, Any], signing_key: str) -> Services:
    """Wire the services. ``defaults`` are the environment's settings."""
    settings = RuntimeSettings(default_settings(defaults))
    return Services(
        storage=storage,
        queue=queue,
        settings=settings,
        submissions=Submissions(storage, Inspector(), settings, queue),
        notifications=NotificationRules(
            AddressPolicy.parse(defaults["webhook_allowed_networks"]), offers_mail=bool(defaults["smtp_host"])
        ),
        signing_key=signing_key,
    )


def default_settings(environment: dict[str, Any]) -> dict[str, Any]:
    """Return the runtime settings as they are until an admin changes them."""
    return {
        "allowed_mimes": list(INPUT_MIME_TYPES),
        "default_preset": "standard",
        **environment,
        "factors": several_of(FACTORS)(environment["factors"]),
    }
