from __future__ import annotations

from pathlib import Path

import pytest

from config.sources import ROOT, example_password, example_settings, variables


def test_the_environment_is_laid_over_the_file(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("PORT=9000\nHOST=0.0.0.0\nEMPTY\n")

    assert variables({"PORT": "9001"}, env_file) == {"PORT": "9001", "HOST": "0.0.0.0", "EMPTY": ""}  # noqa: S104 - compared, not bound


def test_without_an_environment_it_reads_that_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPSCALER_SOURCE", "process")

    assert variables(None, None)["UPSCALER_SOURCE"] == "process"
    assert variables({}, None) == {}


def test_the_password_of_the_example_is_the_one_in_the_file() -> None:
    assert example_password()
    assert f"ADMIN_SEED_PASS={example_password()}" in (ROOT / ".env.example").read_text()
    assert example_settings()["ADMIN_SEED_PASS"] == example_password()
