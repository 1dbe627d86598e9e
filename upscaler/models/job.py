"""Jobs, their states and their logs. This table, not the queue, is the source of truth about what has to be done."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import JSON, BigInteger, Boolean, Float, ForeignKey, Index, Integer, String, Text, false
from sqlalchemy.ext.mutable import MutableDict
from sqlalchemy.orm import Mapped, mapped_column, relationship

from upscaler.models.lease import LeaseColumns
from upscaler.models.types import UTCDateTime, random_id, utcnow
from upscaler.models.upload import Upload
from upscaler.models.user import Account


class JobStatus(str, enum.Enum):
    """The state of a job."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def ended(self) -> bool:
        """Whether the state is final."""
        return self in ENDED

    def __str__(self) -> str:
        return self.value


ENDED = frozenset({JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELED})

# From each state, the states that a job may change to. A running job goes back to the queue when its worker is lost or
# releases it.
TRANSITIONS = {
    JobStatus.QUEUED: frozenset({JobStatus.RUNNING, JobStatus.FAILED, JobStatus.CANCELED}),
    JobStatus.RUNNING: frozenset(
        {JobStatus.QUEUED, JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELED}
    ),
    JobStatus.COMPLETED: frozenset(),
    JobStatus.FAILED: frozenset(),
    JobStatus.CANCELED: frozenset(),
}


class Priority(enum.IntEnum):
    """The order in which jobs are run, the highest first; the numbers leave room between them."""

    BATCH = 0
    NORMAL = 10

    @property
    def label(self) -> str:
        """The name that requests use."""
        return self.name.lower()


# The parameter that holds the URL of a webhook.
CALLBACK = "callback_url"


class Job(LeaseColumns, Model):
    """One upscaled image of one upload."""

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_status_created_at", "status", "created_at"),
        Index("ix_jobs_status_lease_expires_at", "status", "lease_expires_at"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: random_id("job"))
    upload_id: Mapped[str] = mapped_column(ForeignKey("uploads.id", ondelete="CASCADE"), index=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id", ondelete="SET NULL"), index=True)
    # The owner's account was deleted; the job is not a visitor's because of that.
    owner_gone: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("jobs.id", ondelete="SET NULL"), index=True)

    status: Mapped[str] = mapped_column(String(16), default=JobStatus.QUEUED.value)
    # In percent; ``share_done`` is the same more exactly, 0 to 1, None from workers of versions before it.
    progress: Mapped[int] = mapped_column(Integer, default=0)
    share_done: Mapped[float | None] = mapped_column(Float)
    # Of a running job, one of ``engine.progress.STEPS``.
    step: Mapped[str | None] = mapped_column(String(16))
    params: Mapped[dict[str, Any]] = mapped_column(MutableDict.as_mutable(JSON))
    # The name of the recipe that was chosen, by which times are compared.
    recipe: Mapped[str] = mapped_column(String(128), default="", server_default="")
    # The same until the job is completed, then the name of what really ran.
    model: Mapped[str] = mapped_column(String(128))
    estimated_seconds: Mapped[int] = mapped_column(Integer, default=0)
    priority: Mapped[int] = mapped_column(Integer, default=Priority.NORMAL.value, server_default="10")
    # Stands for the sender, so that workers can be shared fairly; visitors have no account.
    submitter: Mapped[str] = mapped_column(String(32), default="", server_default="")
    # A deferred job waits until then.
    not_before: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # Personal data: not shown to holders of the link to the job, and removed some time after its end.
    notify_email: Mapped[str | None] = mapped_column(String(320))
    # Of the request, for messages that are sent later.
    language: Mapped[str | None] = mapped_column(String(16))

    worker_id: Mapped[str | None] = mapped_column(String(128))
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    enqueued_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    error_code: Mapped[str | None] = mapped_column(String(64))
    error_message: Mapped[str | None] = mapped_column(Text)
    error_values: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    error_trace: Mapped[str | None] = mapped_column(Text)

    result_path: Mapped[str | None] = mapped_column(String(255))
    preview_path: Mapped[str | None] = mapped_column(String(255))
    original_preview_path: Mapped[str | None] = mapped_column(String(255))
    result_mime_type: Mapped[str | None] = mapped_column(String(64))
    result_width: Mapped[int | None]
    result_height: Mapped[int | None]
    result_size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    result_sha256: Mapped[str | None] = mapped_column(String(64))
    receipt: Mapped[dict[str, Any] | None] = mapped_column(JSON)

    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    started_at: Mapped[datetime | None] = mapped_column(UTCDateTime, index=True)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime, index=True)
    duration_seconds: Mapped[int | None] = mapped_column(Integer)
    # Of the attempt that succeeded, for estimates: whole seconds are too coarse for small images. None where it resumed
    # from the tiles of an earlier attempt.
    work_seconds: Mapped[float | None] = mapped_column(Float)
    # The device it ran on, as ``services.jobs.workers.device_of`` names it.
    device: Mapped[str | None] = mapped_column(String(128))

    upload: Mapped[Upload] = relationship(Upload)
    owner: Mapped[Account | None] = relationship(Account)
    parent: Mapped[Job | None] = relationship("Job", remote_side="Job.id")
    logs: Mapped[list[JobLog]] = relationship(
        "JobLog",
        back_populates="job",
        order_by="JobLog.id",
        cascade="all, delete-orphan",
        passive_deletes=True,
    )

    @property
    def percent(self) -> float:
        """The progress in percent, with as many decimals as it takes to see that it moves."""
        return self.progress if self.share_done is None else round(self.share_done * 100, 2)

    @property
    def state(self) -> JobStatus:
        """The status as a member of ``JobStatus``."""
        return JobStatus(self.status)

    @property
    def callback_url(self) -> str | None:
        """The URL of the webhook that reports the end of the job."""
        return callback_url_of(self.params)

    @property
    def public_params(self) -> dict[str, Any]:
        """The parameters without the URL of the webhook, for everyone with the link to the job."""
        return public_params(self.params)

    def __repr__(self) -> str:
        return self.id


def callback_url_of(params: Mapping[str, Any]) -> str | None:
    """Return the URL of the webhook among the parameters of a job, if there is one."""
    return params.get(CALLBACK)


def public_params(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a job without the URL of its webhook, which may hold a secret."""
    return {name: value for name, value in params.items() if name != CALLBACK}


class JobLog(Model):
    """A line of a job's log."""

    __tablename__ = "job_logs"

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    level: Mapped[str] = mapped_column(String(8), default="info")
    message: Mapped[str] = mapped_column(Text)

    job: Mapped[Job] = relationship(Job, back_populates="logs")
