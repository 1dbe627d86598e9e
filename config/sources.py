"""The places that settings come from: the environment, ``.env``, and files with secrets."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

ROOT = Path(__file__).resolve().parents[1]


def variables(environ: Mapping[str, str] | None, env_file: Path | None) -> dict[str, str]:
    """Return the variables of ``environ`` (None: of this process) over those of ``env_file``."""
    values = _of_file(env_file) if env_file else {}
    values.update(os.environ if environ is None else environ)
    return values


def example_settings() -> dict[str, str]:
    """Return the settings of ``.env.example``."""
    return _of_file(ROOT / ".env.example")


def example_password() -> str:
    """Return the first admin's password in ``.env.example``, which is public."""
    return example_settings().get("ADMIN_SEED_PASS", "")


def _of_file(path: Path) -> dict[str, str]:
    return {name: value or "" for name, value in dotenv_values(path).items()}
