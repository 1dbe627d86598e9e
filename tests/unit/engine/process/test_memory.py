from __future__ import annotations

import subprocess
import sys

from upscaler.engine.process.memory import resident_bytes

MEGABYTE = 1 << 20
HOLD = "block = bytearray(b'x') * (60 << 20); print('ready', flush=True); input()"
FAMILY = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {HOLD!r}])"
# A file in the page cache can be dropped at any time.
MAPPED = """
import mmap, tempfile
file = tempfile.TemporaryFile()
file.truncate(60 << 20)
pages = mmap.mmap(file.fileno(), 0)
pages[:] = b"x" * (60 << 20)
print("ready", flush=True)
input()
"""


def held(code):
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"ready\n"
        size = resident_bytes(process.pid)
        process.stdin.write(b"\n")
        process.stdin.close()
        process.stdin = None
    return size


def test_it_counts_what_a_process_holds():
    assert 60 * MEGABYTE < held(HOLD) < 100 * MEGABYTE


def test_it_counts_what_children_hold():
    assert 60 * MEGABYTE < held(FAMILY) < 130 * MEGABYTE


def test_it_leaves_mapped_files_out(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assert held(MAPPED) < 40 * MEGABYTE


def test_a_process_that_ended_holds_nothing():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert resident_bytes(process.pid) == 0
