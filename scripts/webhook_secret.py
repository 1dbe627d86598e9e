"""Print the secrets that receivers verify webhooks with: ``python -m scripts.webhook_secret``."""

from __future__ import annotations

import sys

import config as configuration
from upscaler.services.worker_registry import WorkerServices


def main() -> int:
    """Print each signing secret on a line of its own."""
    try:
        config = configuration.load()
    except configuration.ConfigError as error:
        print(f"The configuration cannot be read: {error}", file=sys.stderr)
        return 1
    for secret in WorkerServices.from_config(config).webhook_secrets:
        print(secret)
    return 0


if __name__ == "__main__":
    sys.exit(main())
