"""OpenVINO is used in private: it starts nothing of its own and calls nobody."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

# Loads OpenVINO as the engine does, and prints what it does besides.
WATCHED = """
import os, sys
seen = []
def hook(event, arguments):
    if event in ("os.fork", "os.forkpty", "os.posix_spawn", "subprocess.Popen", "socket.connect", "socket.getaddrinfo"):
        seen.append((event, str(arguments)))
sys.addaudithook(hook)
from upscaler.engine.backends.openvino import OpenVinoBackend
from upscaler.engine.settings import EngineSettings
backend = OpenVinoBackend(EngineSettings(threads=1))
assert backend.probe() is None
print(backend.version, seen, flush=True)
"""


def test_it_calls_nobody_and_starts_no_process(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    environment |= {"HOME": str(tmp_path), "PYTHONPATH": str(Path(__file__).resolve().parents[4])}

    watched = subprocess.run(
        [sys.executable, "-c", WATCHED],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert watched.stdout.strip().endswith(" []"), watched.stdout + watched.stderr
    assert list(tmp_path.iterdir()) == [], "nor does it write into somebody's home"
