"""The documentation of the command line: its commands as they stand, and what it says of options and exit statuses."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from PIL import Image

from tests.support.service import ROOT
from upscaler.cli.arguments import build_parser
from upscaler.filenames.junk import is_junk

DOCUMENT = (ROOT / "docs" / "command-line.md").read_text()


def test_the_commands_work_as_they_stand(tmp_path: Path) -> None:
    commands = re.search(r"```bash\n(.*?)```", DOCUMENT, re.DOTALL)
    assert commands is not None
    (tmp_path / ".venv").symlink_to(sys.prefix, target_is_directory=True)
    (tmp_path / "images" / "deep").mkdir(parents=True)
    for name in ("holiday.jpg", "Mr. Smith", "images/a.png", "images/deep/b.webp"):
        kind = None if name[-4:] in {".jpg", ".png", "webp"} else "PNG"
        Image.new("RGB", (12, 9), (200, 90, 30)).save(tmp_path / name, kind)

    for _ in range(2):
        done = subprocess.run(
            ["bash", "-euo", "pipefail"],
            cwd=tmp_path,
            input=commands[1],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        for name in ("upscaled.webp", "holiday-2x.png", "Mr. Smith-2x.png", "upscaled.jpg"):
            with Image.open(tmp_path / name) as image:
                assert image.size == (24, 18)
            (tmp_path / name).unlink()
        results = sorted(path.relative_to(tmp_path) for path in (tmp_path / "upscaled").rglob("*.png"))
        assert list(map(str, results)) == ["upscaled/a-2x.png", "upscaled/deep/b-2x.png"]
    assert "2 skipped" in done.stdout.splitlines()


def test_what_is_named_exists() -> None:
    known = build_parser().format_help()
    for option in set(re.findall(r"`(--[a-z-]+)", DOCUMENT)):
        assert option in known, option
    statuses = re.search(r"\| 129, 130, 143 \| ended by SIGHUP, Ctrl-C \(SIGINT\), SIGTERM \|", DOCUMENT)
    assert statuses is not None
    assert [128 + number for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)] == [129, 130, 143]
    for name in ("Thumbs.db", "desktop.ini", ".DS_Store", "._x", "@eaDir", "lost+found"):
        assert is_junk(name)
        assert name.replace("x", "*") in DOCUMENT or name in DOCUMENT
