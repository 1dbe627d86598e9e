"""Huey behind the interface that the services know."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from typing import Any

from huey import Huey, PriorityRedisHuey, SqliteHuey
from huey.consumer import Consumer

from config import Config
from upscaler.errors import ServiceUnavailable

_DOWN: tuple[type[Exception], ...] = (OSError, sqlite3.Error)
# The SQLite queue works where there is no such library.
with contextlib.suppress(ImportError):
    from redis.exceptions import RedisError

    _DOWN = (*_DOWN, RedisError)

# How long a call to Redis may take, in seconds. A worker's wait for work ends by itself after one second.
REDIS_PATIENCE = {"socket_connect_timeout": 1, "socket_timeout": 5}


# How often the consumer's main thread looks whether it has been told to stop, in seconds. Huey's own 0.1 s was a good
# third of the processor time of an idle worker, and there is no option for it.
_STOP_LOOK_SECONDS = 0.5


class _Calm(Huey):
    """Makes consumers that wake less often while there is nothing to do."""

    def create_consumer(self, **options: Any) -> Consumer:
        consumer: Consumer = super().create_consumer(**options)
        consumer._stop_flag_timeout = _STOP_LOOK_SECONDS
        return consumer


class CalmRedisHuey(_Calm, PriorityRedisHuey):
    """A queue in Redis."""


class CalmSqliteHuey(_Calm, SqliteHuey):
    """A queue in a file."""


def build_huey(config: Config) -> Huey:
    """Open the queue that the settings name: Redis where there is one, else a SQLite file of its own."""
    if config.redis_url:
        from redis import ConnectionPool  # noqa: PLC0415 - only this queue needs it

        pool = ConnectionPool.from_url(config.redis_url, **REDIS_PATIENCE)
        return CalmRedisHuey("upscaler", connection_pool=pool, results=False, utc=True)
    config.data_dir.mkdir(parents=True, exist_ok=True)
    return CalmSqliteHuey("upscaler", filename=str(config.data_dir / "queue.db"), results=False, utc=True)


def declare_run_job(huey: Huey, run: Callable[[str], None]) -> Any:
    """Register the one task, under the same name in every process: ``run`` takes the id of a job."""

    def run_job(job_id: str) -> None:
        run(job_id)

    return huey.task()(run_job)


class HueyQueue:
    """Enqueue job ids."""

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
        """Count waiting ids; raise ``ServiceUnavailable`` when the queue does not answer."""
        try:
            return int(self._huey.pending_count())
        except _DOWN as error:
            raise ServiceUnavailable from error


def _refuse(job_id: str) -> None:
    raise RuntimeError(f"{job_id} was run in a process that is no worker")
