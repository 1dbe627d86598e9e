"""The commands of the README run as they stand."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.support.service import ROOT, LiveService


def test_the_walk_through_with_curl_ends_with_an_upscaled_image(
    live_service: LiveService, photographs: dict[str, Path], tmp_path: Path
) -> None:
    commands = re.search(r"```bash\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert commands is not None
    environment = {**os.environ, "SERVER": live_service.url, "IMAGE": str(photographs["coffee"])}

    subprocess.run(["bash", "-euc", commands[1]], cwd=tmp_path, env=environment, timeout=240, check=True)

    with Image.open(photographs["coffee"]) as original, Image.open(tmp_path / "upscaled.png") as upscaled:
        assert upscaled.size == (original.width * 2, original.height * 2)


@pytest.mark.parametrize("target", ["one", "folder", "list"])
def test_the_command_line_examples_work(photographs: dict[str, Path], tmp_path: Path, target: str) -> None:
    readme = (ROOT / "README.md").read_text()
    lines = re.findall(r"^ {4}\.venv/bin/python (-m upscaler .*)$", readme, re.MULTILINE)
    chosen = {"one": lines[0], "folder": lines[1], "list": lines[2]}[target]
    (tmp_path / "images").mkdir()
    (tmp_path / "holiday.jpg").write_bytes(photographs["coffee"].read_bytes())
    (tmp_path / "images" / "cat.webp").write_bytes(photographs["chelsea"].read_bytes())
    # At 2x the photo preset is quick; everything else is as written.
    arguments = chosen.replace("--factor 4x", "--factor 2x").split()

    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    expected = {"one": "upscaled.png", "folder": "upscaled/cat-2x.png", "list": "holiday.jpg"}[target]
    assert (tmp_path / expected).exists()
    assert target != "list" or "realesrgan-x4plus" in done.stdout
