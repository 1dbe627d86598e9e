"""Follow the name of a backend through every place that takes or shows it, and print what was found as JSON.

Usage: python -m tests.support.backend_walk NAME
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image

import config
from tests.support.option_walk import receipt
from upscaler.cli import main
from upscaler.cli.arguments import build_parser
from upscaler.engine.settings import EngineSettings


def walk(name: str) -> dict[str, Any]:
    """Return the outcome at each place."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "a.png", Path(folder) / "b.png"
        Image.new("RGB", (8, 8), "teal").save(source)
        done = main(["--engine", name, "--factor", "2x", "--quiet", str(source), "-o", str(target)])
        with Image.open(target) as image:
            size = image.size
    return {
        "setting": config.load({"ENGINE": name}, env_file=None).engine,
        "refusal": refusal(),
        "help": " ".join(build_parser().format_help().split()),
        "command_line": [done, *size],
        "receipt": receipt("denoise", "none", EngineSettings(engine=name, threads=1)),
    }


def refusal() -> str:
    """Return the line that refuses another name at start."""
    try:
        config.load({"ENGINE": "no-such-backend"}, env_file=None)
    except config.ConfigError as error:
        return str(error)
    raise AssertionError("any name is accepted")


if __name__ == "__main__":
    sys.stdout.write(json.dumps(walk(*sys.argv[1:])) + "\n")
