from __future__ import annotations

import subprocess

import yaml

from config import ROOT


def test_the_hooks_run_the_commands_of_make_lint() -> None:
    listed = subprocess.run(
        ["make", "--dry-run", "--assume-old=setup-test", "lint"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    commands = [line for line in listed.stdout.splitlines() if line.startswith(".venv/bin/")]
    [repository] = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]

    assert commands
    assert [hook["entry"] for hook in repository["hooks"]] == commands
