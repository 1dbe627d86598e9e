"""Report by the exit status whether a worker of this host is online: 0 when one is, else 1.

A worker sends a heartbeat to the database every few seconds; one that hangs sends none although its process exists.
"""

from __future__ import annotations

import platform
import sys

from sqlalchemy.exc import SQLAlchemyError

import config
from upscaler.services.jobs.workers import online_workers
from upscaler.services.registry import Services


def main() -> int:
    """Check the registry of workers."""
    host = platform.node()
    try:
        with Services.from_config(config.load()).sessions() as session:
            found = [worker.id for worker in online_workers(session) if worker.host == host]
    except config.ConfigError as error:
        return _complain(str(error))
    except SQLAlchemyError as error:
        return _complain(f"the database cannot be used: {str(error).splitlines()[0]}")
    return 0 if found else _complain(f"no worker of {host} has sent a heartbeat lately")


def _complain(reason: str) -> int:
    print(f"worker_health: {reason}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
