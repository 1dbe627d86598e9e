"""Print the secret that receivers verify webhooks with: ``python -m scripts.webhook_secret``."""

from __future__ import annotations

import sys

import config as configuration
from upscaler.services.notifications.signing import secrets_in_use


def main() -> int:
    """Print each secret that signs, one a line."""
    try:
        config = configuration.load()
    except configuration.ConfigError as error:
        print(f"The settings cannot be read: {error}", file=sys.stderr)
        return 1
    for secret in secrets_in_use(config.webhook_secret.get_secret_value(), configuration.secret_key(config)):
        print(secret)
    return 0


if __name__ == "__main__":
    sys.exit(main())
