"""A real clamd with one signature of its own, and files that have it or not."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.support.servers import missing
from tests.support.service import free_port

# What the signature looks for: no malware, only these characters.
MARK = "a harmless text that the test's scanner calls harmful"
SIGNATURE = "Upscaler.Test.Mark"


@contextmanager
def clamd_server(folder: Path, *, most_megabytes: int = 25) -> Iterator[int]:
    """Run clamd in a folder, which takes files of that size, and yield its port."""
    program = shutil.which("clamd", path="/usr/sbin:/usr/bin:/usr/local/sbin")
    if program is None:
        missing("clamav-daemon")
    assert program is not None
    database, port = folder / "signatures", free_port()
    database.mkdir(parents=True, exist_ok=True)
    (database / "test.ndb").write_text(f"{SIGNATURE}:0:*:{MARK.encode().hex()}\n")
    settings = {
        "DatabaseDirectory": database,
        "TCPSocket": port,
        "TCPAddr": "127.0.0.1",
        "Foreground": "yes",
        "StreamMaxLength": f"{most_megabytes}M",
        "TemporaryDirectory": folder,
    }
    (folder / "clamd.conf").write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
    with (folder / "clamd.log").open("w") as log:
        process = subprocess.Popen([program, "-c", folder / "clamd.conf"], stdout=log, stderr=log)
    try:
        _wait(port, process, folder)
        yield port
    finally:
        process.kill()
        process.wait()


def _wait(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError((folder / "clamd.log").read_text())


def save_marked(path: Path) -> Path:
    """Save an image that the scanner calls harmful."""
    texts = PngInfo()
    texts.add_text("Comment", MARK)
    Image.linear_gradient("L").save(path, pnginfo=texts)
    return path


def save_harmless(path: Path) -> Path:
    """Save the same image without the text."""
    Image.linear_gradient("L").save(path)
    return path
