"""A copy of the code with rows added to its tables, as a contributor would add them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from config import ROOT

PARTS = ("config", "upscaler", "translations", "tests/support")


class ChangedCopy:
    """The code below ``folder``, which can be changed and run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for part in PARTS:
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))

    def insert(self, path: str, before: str, text: str) -> None:
        """Insert lines before the one place in a file that begins with ``before``."""
        file = self.folder / path
        old = file.read_text()
        assert old.count(before) == 1, f"{path} has {old.count(before)} places: {before}"
        file.write_text(old.replace(before, f"{text}{before}"))

    def add(self, path: str, text: str) -> None:
        """Add a file."""
        (self.folder / path).write_text(text)

    def run(self, module: str, *arguments: str, environment: Mapping[str, str] | None = None) -> Any:
        """Return the JSON that a module of the copy prints."""
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=self.folder,
            env={**os.environ, **(environment or {}), "PYTHONPATH": str(self.folder)},
            timeout=300,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout.splitlines()[-1])
