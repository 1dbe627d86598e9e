"""Bring the database up to date: migrations, the model catalogue, the first admin. Safe to run again.

``python -m scripts.prepare`` does it; ``run.py`` calls it when something has changed since the last time.
"""

from __future__ import annotations

import contextlib
import hashlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import config as configuration

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.orm import Session

STAMP = "prepared"
# An arbitrary number that no other program locks on the same database.
LOCK_NUMBER = 0x1A6E5CA1E


def is_prepared(config: configuration.Config) -> bool:
    """Return whether this code has prepared this database before, as cheaply as possible."""
    if config.database_url:
        # A database server is prepared, restored and emptied by other hosts as well: it has to be read.
        return False
    stamp = config.data_dir / STAMP
    try:
        return stamp.read_text() == _state(config)
    except OSError:
        return False


def main() -> int:
    """Prepare the database that the configuration names."""
    # Imported late: `is_prepared` has to be quick.
    from flask_migrate import upgrade  # noqa: PLC0415
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    from upscaler import create_app  # noqa: PLC0415
    from upscaler.errors import UpscalerError  # noqa: PLC0415
    from upscaler.extensions import db  # noqa: PLC0415
    from upscaler.services.models.model_table import sync_catalogue  # noqa: PLC0415
    from upscaler.storage import StorageSettingsError  # noqa: PLC0415

    try:
        config = configuration.load()
        with create_app(config).app_context(), _exclusively(db.engine):
            upgrade()
            sync_catalogue(db.session)
            _ensure_admin(db.session(), config)
        (config.data_dir / STAMP).write_text(_state(config))
    except (
        configuration.ConfigError,
        StorageSettingsError,
        UpscalerError,
        SQLAlchemyError,
        OSError,
    ) as error:
        line = str(error).splitlines()[0] if str(error) else type(error).__name__
        print(f"The database could not be prepared: {line}", file=sys.stderr)
        return 1
    return 0


def _ensure_admin(session: Session, config: configuration.Config) -> None:
    """Create the first admin or report its state; refuse to start with the public password of the example."""
    from upscaler.services.accounts.seeding import Seeding, seed_admin  # noqa: PLC0415
    from upscaler.services.accounts.sign_in import signs_in_with  # noqa: PLC0415

    user, password = config.admin_seed_user, config.admin_seed_pass.get_secret_value()
    public = configuration.example_password()
    if not user or not password:
        print("ADMIN_SEED_USER and ADMIN_SEED_PASS are not both set: no admin was created.")
    else:
        done = seed_admin(session, user, password, public=public)
        if done is Seeding.CREATED:
            print(f"Created the admin {user}.")
        elif done is Seeding.RENEWED:
            print(f"The admin {user} has the password of ADMIN_SEED_PASS now, no longer the example's.")
        elif not signs_in_with(session, user, password):
            print(f"The admin {user} keeps another password than ADMIN_SEED_PASS; the console changes it.")
    name = configuration.example_settings().get("ADMIN_SEED_USER", "")
    if config.production and signs_in_with(session, name, public):
        raise configuration.ConfigError(
            f"the account {name} still has the example's password; set ADMIN_SEED_USER={name} and ADMIN_SEED_PASS"
        )


@contextlib.contextmanager
def _exclusively(engine: Engine) -> Iterator[None]:
    """Let hosts that start together prepare their common database one after another."""
    if engine.dialect.name != "postgresql":
        yield
        return
    with engine.connect() as connection:
        # Held until this connection's transaction ends, also when the process dies.
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK_NUMBER})")
        yield


def _state(config: configuration.Config) -> str:
    """Return a digest of all that the preparation depends on; a new database file is another state."""
    digest = hashlib.sha256()
    sources = [*sorted((configuration.ROOT / "migrations" / "versions").glob("*.py"))]
    models = configuration.ROOT / "upscaler" / "engine" / "model_zoo"
    sources += [models / "catalogue.py", models / "models.toml"]
    for path in sources:
        digest.update(path.name.encode() + path.read_bytes())
    database = config.data_dir / "app.db"
    inode = "" if config.database_url else str(database.stat().st_ino)
    password = config.admin_seed_pass.get_secret_value()
    for part in (config.flask_env, config.admin_seed_user, password, inode):
        digest.update(f"{len(part)}:{part}".encode())
    return digest.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
