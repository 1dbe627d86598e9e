"""The sender: claims a due message of the outbox, sends it, and records the outcome."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from upscaler.models import DeliveryKind, Job, JobStatus
from upscaler.models.database import Sessions
from upscaler.services.files.links import LinkSigner
from upscaler.services.files.names import result_name
from upscaler.services.notifications import outbox
from upscaler.services.notifications.message import Channel, Message
from upscaler.services.notifications.outbox import HeldDelivery
from upscaler.services.notifications.outcome import Outcome, Verdict
from upscaler.services.settings.runtime import RuntimeSettings

log = structlog.get_logger()


class Sender:
    """Sends due messages, one at a time. Any number of senders may run at once."""

    def __init__(
        self,
        sessions: Sessions,
        channels: Mapping[DeliveryKind, Channel],
        settings: RuntimeSettings,
        *,
        link_keys: tuple[str, ...],
        public_url: str,
        keep_days: int,
        clock: Callable[[], datetime],
    ) -> None:
        self._sessions = sessions
        self._channels = channels
        self._settings = settings
        self._link_keys = link_keys
        self._public_url = public_url
        self._keep = timedelta(days=keep_days)
        self._clock = clock

    def send_next(self, on_claim: Callable[[], None] | None = None) -> bool:
        """Send the message that has been due longest; return False when there was none.

        ``on_claim`` is called before a message is sent, once no other sender can claim it.
        """
        with self._sessions() as session:
            held = outbox.claim(session, self._clock())
            message = self._message(session, held) if held else None
        if held is None:
            return False
        if message is None:
            return True
        if on_claim is not None:
            on_claim()
        outcome = self._deliver(held, message)
        with self._sessions() as session:
            kept = outbox.finish(session, held, outcome, self._clock())
        # Neither URL nor address: both are private to the recipient.
        log.info(
            "delivery.attempted",
            delivery_id=held.id,
            job_id=held.job_id,
            kind=held.kind.value,
            attempt=held.attempt,
            verdict=outcome.verdict.value,
            answer=outcome.status,
            reason=outcome.detail,
            kept=kept,
        )
        return True

    def maintain(self) -> None:
        """Fail messages that were lost in their last attempt, and delete old ones."""
        now = self._clock()
        with self._sessions() as session:
            outbox.fail_lost(session, now)
            outbox.purge(session, now - self._keep)

    def _deliver(self, held: HeldDelivery, message: Message) -> Outcome:
        channel = self._channels.get(held.kind)
        if channel is None:
            # An operator may configure it again before the attempts are used up.
            return Outcome(Verdict.RETRY, detail="this service has no settings for sending mail")
        try:
            return channel.deliver(message)
        except Exception:
            log.exception("delivery.defect", delivery_id=held.id)
            return Outcome(Verdict.RETRY, detail="an error of this service, see its log")

    def _message(self, session: Session, held: HeldDelivery) -> Message | None:
        job = session.get(Job, held.job_id)
        if job is None:
            # Deleted at this moment, and the message with it.
            return None
        error = (job.error_message or "", job.error_values or {})
        return Message(
            delivery_id=held.id,
            target=held.target,
            payload=held.payload,
            language=job.language,
            error=error if job.state is JobStatus.FAILED else None,
            result_url=self._result_url(session, job),
            page_url=f"{self._public_url}/jobs/{job.id}" if self._public_url else None,
        )

    def _result_url(self, session: Session, job: Job) -> str | None:
        if not self._public_url or job.result_path is None:
            return None
        signer = LinkSigner(self._link_keys, self._settings.values(session).link_ttl_seconds)
        return self._public_url + signer.path(job.result_path, result_name(job), time.time())
