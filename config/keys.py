"""The key that signs sessions and links."""

from __future__ import annotations

import os
import secrets

from config.settings import Config


def secret_key(config: Config) -> str:
    """Return ``SECRET_KEY``; where it is empty, generate a key once and keep it in the data folder."""
    if key := config.secret_key.get_secret_value():
        return key
    path = config.data_dir / "secret_key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        candidate = path.with_name(f"secret_key.{os.getpid()}")
        candidate.touch(mode=0o600)
        candidate.write_text(secrets.token_urlsafe(48))
        try:
            # A hard link is made only if the name is free: two processes that start at once agree on one key.
            path.hardlink_to(candidate)
        except FileExistsError:
            pass
        finally:
            candidate.unlink()
    return path.read_text().strip()
