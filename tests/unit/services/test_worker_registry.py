from __future__ import annotations

from pathlib import Path

from config import load
from upscaler.services.notifications import signing
from upscaler.services.worker_registry import WorkerServices

KEY = "k" * 40
SECRETS = ["whsec_" + letter * 43 + "=" for letter in "AB"]


def test_webhooks_are_signed_with_the_secrets_of_the_operator_else_with_a_derived_one(tmp_path: Path) -> None:
    settings = {"DATA_DIR": str(tmp_path), "SECRET_KEY": KEY}
    own = load({**settings, "WEBHOOK_SECRET": " ".join(SECRETS)}, env_file=None)

    assert WorkerServices.from_config(own).webhook_secrets == SECRETS
    derived = WorkerServices.from_config(load(settings, env_file=None)).webhook_secrets
    assert derived == [signing.derive(KEY)]
