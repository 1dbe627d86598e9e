"""Huey behind the ``Queue`` interface of the services."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from typing import Any

from huey import Huey, PriorityRedisHuey, SqliteHuey
from huey.consumer import Consumer

from config import Config
from upscaler.errors import ServiceUnavailable
from upscaler.tasks.messages import JobIdSerializer

_DOWN: tuple[type[Exception], ...] = (OSError, sqlite3.Error)
# The SQLite queue also works where this library is not installed.
with contextlib.suppress(ImportError):
    from redis.exceptions import RedisError

    _DOWN = (*_DOWN, RedisError)

# Timeouts of calls to Redis, in seconds. A worker's blocking read ends by itself after one second.
REDIS_TIMEOUTS = {"socket_connect_timeout": 1, "socket_timeout": 5}


# The only task, as Huey names it in every process: by module and function.
_TASK = f"{__name__}.run_job"

# How often the consumer's main thread checks for a stop, in seconds. Huey's own 0.1 s was a third of the processor
# time of an idle worker, and there is no option for it.
_STOP_CHECK_SECONDS = 0.5


class _Calm(Huey):
    """A Huey whose consumers wake less often while they are idle."""

    def create_consumer(self, **options: Any) -> Consumer:
        consumer: Consumer = super().create_consumer(**options)
        consumer._stop_flag_timeout = _STOP_CHECK_SECONDS
        return consumer


class CalmRedisHuey(_Calm, PriorityRedisHuey):
    """A queue in Redis."""


class CalmSqliteHuey(_Calm, SqliteHuey):
    """A queue in a file."""


def build_huey(config: Config) -> Huey:
    """Open the queue: in Redis where ``REDIS_URL`` is set, else in a SQLite file of its own."""
    if config.redis_url:
        from redis import ConnectionPool  # noqa: PLC0415 - only this queue needs it

        pool = ConnectionPool.from_url(config.redis_url, **REDIS_TIMEOUTS)
        return CalmRedisHuey("upscaler", connection_pool=pool, **_options())
    config.data_dir.mkdir(parents=True, exist_ok=True)
    return CalmSqliteHuey("upscaler", filename=str(config.data_dir / "queue.db"), **_options())


def _options() -> dict[str, Any]:
    return {"results": False, "utc": True, "serializer": JobIdSerializer(_TASK)}


def declare_run_job(huey: Huey, run: Callable[[str], None]) -> Any:
    """Register the only task, under the same name in every process; ``run`` takes the id of a job."""

    def run_job(job_id: str) -> None:
        run(job_id)

    return huey.task()(run_job)


class HueyQueue:
    """A queue of job ids in Huey."""

    def __init__(self, huey: Huey, run_job: Any = None) -> None:
        self._huey = huey
        self._run_job = run_job or declare_run_job(huey, _refuse)

    def enqueue(self, job_id: str) -> None:
        """Add an id; raise ``ServiceUnavailable`` when the queue does not answer."""
        try:
            self._run_job(job_id)
        except _DOWN as error:
            raise ServiceUnavailable from error

    def pending(self) -> int:
        """Count the waiting ids; raise ``ServiceUnavailable`` when the queue does not answer."""
        try:
            return int(self._huey.pending_count())
        except _DOWN as error:
            raise ServiceUnavailable from error


def _refuse(job_id: str) -> None:
    raise RuntimeError(f"{job_id} was run in a process that is not a worker")
