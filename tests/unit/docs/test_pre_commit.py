from __future__ import annotations

import re
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
    commands = re.findall(r"(?:^|then )(\.venv/bin/[^;\n]+)", listed.stdout, re.MULTILINE)
    [repository] = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]

    assert commands
    assert [hook["entry"] for hook in repository["hooks"]] == commands
