"""The keys that sign sessions, links and tokens, one for each purpose, all derived from ``SECRET_KEY``."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets

from config.settings import Config

# What keys are derived for. A key of one purpose is of no use for another.
SESSIONS, LINKS, TOKENS, NAMES = "sessions", "links", "tokens", "names of callers"


def secret_keys(config: Config) -> tuple[str, ...]:
    """Return the keys of ``SECRET_KEY``, the newest first; where it is empty, one that is generated once and kept."""
    if config.secret_key:
        return tuple(key.get_secret_value() for key in config.secret_key)
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
    return (path.read_text().strip(),)


def derived_keys(config: Config, purpose: str) -> tuple[str, ...]:
    """Return the keys for one purpose, the newest first: that one signs, all of them verify.

    Each is an HMAC-SHA256 over the purpose, in hexadecimal digits.
    """
    message = f"imageupscalerpro {purpose}, version 1".encode()
    return tuple(hmac.new(key.encode(), message, hashlib.sha256).hexdigest() for key in secret_keys(config))
