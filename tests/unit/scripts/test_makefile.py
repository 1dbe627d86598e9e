"""What `make` writes for the first start."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from config import ROOT


def test_the_settings_are_for_their_user_alone_and_never_replaced(tmp_path: Path) -> None:
    for name in ("Makefile", ".env.example"):
        shutil.copy(ROOT / name, tmp_path)

    subprocess.run(["make", ".env"], cwd=tmp_path, check=True, capture_output=True)
    made = tmp_path / ".env"
    assert made.read_text() == (ROOT / ".env.example").read_text()
    assert made.stat().st_mode & 0o777 == 0o600

    made.write_text("PORT=9000\n")
    subprocess.run(["make", ".env"], cwd=tmp_path, check=True, capture_output=True)
    assert made.read_text() == "PORT=9000\n"
