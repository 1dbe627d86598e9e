"""One sender: takes a due message out of the outbox, sends it, writes down how it went."""

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
    """Sends what is due, one message at a time. Any number of senders may work side by side."""

    def __init__(
        self,
        sessions: Sessions,
        channels: Mapping[DeliveryKind, Channel],
        settings: RuntimeSettings,
        *,
        signing_key: str,
        public_url: str,
        keep_days: int,
        clock: Callable[[], datetime],
    ) -> None:
        self._sessions = sessions
        self._channels = channels
        self._settings = settings
        self._signing_key = signing_key
        self._public_url = public_url
        self._keep = timedelta(days=keep_days)
        self._clock = clock

    def send_next(self, held_one: Callable[[], None] | None = None) -> bool:
        """Send the message that is due for the longest time; return False when there was none.

        ``held_one`` is called before a message is sent, when nobody else can take it any more.
        """
        with self._sessions() as session:
            held = outbox.claim(session, self._clock())
            letter = self._letter(session, held) if held else None
        if held is None:
            return False
        if letter is None:
            return True
        if held_one is not None:
            held_one()
        outcome = self._deliver(held, letter)
        with self._sessions() as session:
            kept = outbox.finish(session, held, outcome, self._clock())
        # Neither URL nor address: both are the receiver's business and not the log's.
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

    def tidy(self) -> None:
        """End what was lost in its last attempt, and forget what is old."""
        now = self._clock()
        with self._sessions() as session:
            outbox.fail_lost(session, now)
            outbox.purge(session, now - self._keep)

    def _deliver(self, held: HeldDelivery, letter: Message) -> Outcome:
        channel = self._channels.get(held.kind)
        if channel is None:
            # An operator may switch it on again before the attempts are used up.
            return Outcome(Verdict.RETRY, detail="this service has no settings for sending mail")
        try:
            return channel.deliver(letter)
        except Exception:
            log.exception("delivery.defect", delivery_id=held.id)
            return Outcome(Verdict.RETRY, detail="an error of this service; its log tells more")

    def _letter(self, session: Session, held: HeldDelivery) -> Message | None:
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
        signer = LinkSigner(self._signing_key, self._settings.values(session).link_ttl_seconds)
        return self._public_url + signer.path(job.result_path, result_name(job), time.time())
