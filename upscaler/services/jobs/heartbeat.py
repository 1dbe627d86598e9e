"""The heartbeat of a running job: a thread that renews the lease of its claim and notices when it is lost."""

from __future__ import annotations

import threading
from types import TracebackType

import structlog
from sqlalchemy.exc import SQLAlchemyError

from upscaler.models.database import Sessions
from upscaler.services.jobs import lifecycle
from upscaler.services.jobs.lifecycle import Claim

log = structlog.get_logger()

# How often a running job renews its lease and notices a cancellation, in seconds.
RENEW_SECONDS = 1.0
_MOST = 0.99


class Heartbeat:
    """Renews the lease for as long as the block takes; ``lost`` is set once the job is no longer the claim's."""

    def __init__(self, sessions: Sessions, claim: Claim, lease_seconds: int) -> None:
        self._sessions = sessions
        self._claim = claim
        self._lease_seconds = lease_seconds
        self._share = 0.0
        self._step: str | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._renew, name=f"heartbeat-{claim.job_id}", daemon=True)
        self.lost = False

    def report(self, fraction: float) -> None:
        """Note the progress, 0 to 1, for the next renewal. Only a completed job has all of it."""
        self._share = min(_MOST, fraction)

    def begin(self, step: str) -> None:
        """Note the step that the job is in, of ``engine.progress.STEPS``, for the next renewal."""
        self._step = step

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _renew(self) -> None:
        while not self.lost and not self._stop.wait(RENEW_SECONDS):
            try:
                with self._sessions() as session:
                    self.lost = not lifecycle.renew(
                        session, self._claim, self._share, self._step, self._lease_seconds
                    )
            except SQLAlchemyError:
                # A database that is away for a moment is no reason to stop; the lease decides in the end.
                log.warning("job.heartbeat_failed", job_id=self._claim.job_id, exc_info=True)
            except Exception:
                # The job goes on, and needs its lease.
                log.exception("job.heartbeat_defect", job_id=self._claim.job_id)
