"""Create the first admin from ``ADMIN_SEED_USER`` and ``ADMIN_SEED_PASS``. Safe to run at every start.

An existing account keeps its rights, and its password unless it is that of ``.env.example``. The exit status is 0
when the account exists afterwards, else 1.
"""

from __future__ import annotations

import sys
from pathlib import Path

# Run as a file, Python looks for modules beside this script only.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sqlalchemy.exc import SQLAlchemyError

import config
from upscaler.errors import UpscalerError
from upscaler.services.accounts.seeding import seed_admin
from upscaler.services.registry import Services


def main() -> int:
    """Create the admin, print one line about it, and return the exit status."""
    try:
        settings = config.load()
        username, password = settings.admin_seed_user, settings.admin_seed_pass.get_secret_value()
        if not username or not password:
            return _complain("ADMIN_SEED_USER and ADMIN_SEED_PASS must both be set")
        with Services.from_config(settings).sessions() as session:
            done = seed_admin(session, username, password, public=config.example_password())
    except (config.ConfigError, UpscalerError) as error:
        return _complain(str(error))
    except SQLAlchemyError as error:
        # The first line says what is wrong; the rest is the statement with its values.
        return _complain(f"the database cannot be used: {str(error).splitlines()[0]}")
    print(f"seed_admin: {done.value} the admin {username}")
    return 0


def _complain(reason: str) -> int:
    print(f"seed_admin: {reason}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
