"""The first admin's password: the settings give it, and the example's is not taken to production."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from tests.support.service import ROOT, environment
from upscaler.services.accounts.sign_in import signs_in_with

EXAMPLE, BETTER, CHANGED = "231980077", "a much better password", "changed in the console"


def prepared(settings: dict[str, str], **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scripts.prepare"],
        cwd=ROOT,
        env={**settings, **more},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def knows(settings: dict[str, str], password: str) -> bool:
    engine = create_engine(f"sqlite:///{settings['DATA_DIR']}/app.db")
    with Session(engine) as session:
        known = signs_in_with(session, "abdullah", password)
    engine.dispose()
    return known


def test_the_password_of_the_example_is_replaced_by_the_settings_or_refused(tmp_path: Path) -> None:
    settings = environment(tmp_path, 1)
    production = {
        "FLASK_ENV": "production",
        "SECRET_KEY": "a-secret-of-more-than-thirty-two-characters",
        "PUBLIC_URL": "https://example.org",
        # The tests may run as root.
        "ACCEPTED_RISKS": "root_user",
    }
    first = prepared(settings, ADMIN_SEED_USER="abdullah", ADMIN_SEED_PASS=EXAMPLE)
    assert "Created the admin abdullah." in first.stdout
    assert knows(settings, EXAMPLE)

    refused = prepared(settings, **production, ADMIN_SEED_USER="", ADMIN_SEED_PASS="")
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1] == (
        "The database could not be prepared: the account abdullah still has the example's password; "
        "set ADMIN_SEED_USER=abdullah and ADMIN_SEED_PASS"
    )

    renewed = prepared(settings, **production, ADMIN_SEED_USER="abdullah", ADMIN_SEED_PASS=BETTER)
    assert renewed.returncode == 0, renewed.stderr
    assert "The admin abdullah has the password of ADMIN_SEED_PASS now" in renewed.stdout
    assert knows(settings, BETTER)
    assert not knows(settings, EXAMPLE)

    kept = prepared(settings, ADMIN_SEED_USER="abdullah", ADMIN_SEED_PASS=CHANGED)
    assert "The admin abdullah keeps another password than ADMIN_SEED_PASS" in kept.stdout
    assert knows(settings, BETTER)
