"""The entry of a worker process: ``python -m upscaler.tasks.consumer``."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import config as configuration
from upscaler import logs
from upscaler.storage import StorageSettingsError
from upscaler.tasks.worker import Worker


def main() -> None:
    """Run a worker until it is stopped; exit with one line when a setting cannot be used."""
    # Whatever it writes holds images or secrets.
    os.umask(0o077)
    try:
        config = configuration.load()
        logs.configure(config.log_level, config.log_format, _log_file(config))
        worker = Worker(config)
    except (configuration.ConfigError, StorageSettingsError) as error:
        raise SystemExit(f"The worker cannot start: {error}") from None
    logging.getLogger("huey").setLevel(logging.WARNING)
    # An idle consumer looks for work every max_delay seconds. Nothing is scheduled in the queue itself, so its
    # scheduler may sleep for long.
    consumer = worker.huey.create_consumer(workers=1, periodic=False, max_delay=0.5, scheduler_interval=60)
    worker.start()
    try:
        consumer.run()
    finally:
        worker.stop()


def _log_file(config: configuration.Config) -> Path:
    """Return the worker's own log: two processes cannot rotate one file."""
    number = f"-{config.worker_number}" if config.worker_number > 1 else ""
    return config.logs_dir / f"worker{number}.log"


if __name__ == "__main__":
    main()
