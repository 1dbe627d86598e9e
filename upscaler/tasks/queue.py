"""Huey behind the interface that the services know."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from typing import Any

from huey import Huey, PriorityRedisHuey, SqliteHuey

from config import Config
from upscaler.errors import ServiceUnavailable

_DOWN: tuple[type[Exception], ...] = (OSError, sqlite3.Error)
# The SQLite queue works where there is no such library.
with contextlib.suppress(ImportError):
    from redis.exceptions import RedisError

    _DOWN = (*_DOWN, RedisError)

# How long a call to Redis may take, in seconds. A worker's wait for work ends by itself after one second.
REDIS_PATIENCE = {"socket_connect_timeout": 1, "socket_timeout": 5}


def build_huey(config: Config) -> Huey:
    """Open the queue that the settings name: Redis where there is one, else a SQLite file of its own."""
    if config.redis_url:
        from redis import ConnectionPool  # noqa: PLC0415 - only this queue needs it

        pool = ConnectionPool.from_url(config.redis_url, **REDIS_PATIENCE)
        return PriorityRedisHuey("upscaler", connection_pool=pool, results=False, utc=True)
    config.data_dir.mkdir(parents=True, exist_ok=True)
    return SqliteHuey("upscaler", filename=str(config.data_dir / "queue.db"), results=False, utc=True)


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
