"""Measure each preset from file to file beside an earlier version, image by image in turns.

Both versions run in their engine process, as in the service. The earlier one is taken from the repository's history and
uses the packages that are installed. The median of the rounds is shown, after one that loads the models.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import statistics
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.pipeline import photograph, try_backends
from upscaler.engine.settings import EngineSettings

ROOT = Path(__file__).resolve().parents[1]
# The commit of version 0.1.0.
FIRST_VERSION = "e6531a39"
ROWS = (
    ("standard", "2x", 512),
    ("standard", "2x", 1024),
    ("standard", "4x", 512),
    ("standard", "4x", 1024),
    ("art", "2x", 512),
    ("art", "4x", 512),
    ("photo", "2x", 512),
    ("photo", "4x", 512),
)


@dataclass(frozen=True)
class Row:
    """A preset, and the seconds of both versions."""

    preset: str
    factor: str
    side: int
    before: float
    now: float


class Version:
    """One version of the engine in a process.

    Args:
        tree: the folder with its code.
        threads: processors to use.
        cache: a folder with measured speeds, for versions that have them.
    """

    def __init__(self, tree: Path, threads: int, cache: str) -> None:
        command = [sys.executable, str(ROOT / "bench" / "one_version.py"), str(threads), cache]
        self._process = subprocess.Popen(
            command, cwd=tree, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def seconds(self, preset: str, factor: str, source: Path) -> float:
        """Upscale one image and return how long it took."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps((preset, factor, str(source))), file=self._process.stdin, flush=True)
        return float(json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


@contextlib.contextmanager
def version_of(revision: str, threads: int, cache: str) -> Iterator[Version]:
    """Run the version of a revision for the block."""
    with tempfile.TemporaryDirectory() as name:
        packed = subprocess.run(
            ["git", "archive", revision],  # noqa: S607 - whichever git is installed
            check=True,
            capture_output=True,
            cwd=ROOT,
        ).stdout
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            archive.extractall(name, filter="data")
        with contextlib.closing(Version(Path(name), threads, cache)) as version:
            yield version


def measure(revision: str, threads: int, rounds: int) -> Iterator[Row]:
    """Yield the rows, one by one."""
    with tempfile.TemporaryDirectory() as cache:
        try_backends(EngineSettings(threads=threads, cache_dir=cache))
        with (
            version_of(revision, threads, "") as before,
            contextlib.closing(Version(ROOT, threads, cache)) as now,
        ):
            for preset, factor, side in ROWS:
                source = Path(cache) / "source.png"
                photograph(side).save(source, compress_level=1)
                taken: list[tuple[float, float]] = [
                    (before.seconds(preset, factor, source), now.seconds(preset, factor, source))
                    for _ in range(rounds + 1)
                ]
                old, new = zip(*taken[1:], strict=True)
                yield Row(preset, factor, side, statistics.median(old), statistics.median(new))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.versions", description=__doc__)
    parser.add_argument("--revision", default=FIRST_VERSION, help="of the earlier version (%(default)s)")
    parser.add_argument("--quick", action="store_true", help="one round")
    parser.add_argument("--rounds", type=int, default=3, help="(%(default)s)")
    parser.add_argument("--threads", type=int, default=EngineSettings().threads, help="(%(default)s)")
    chosen = parser.parse_args()
    print(f"{'':14}{'px':>6}{'before s':>10}{'now s':>8}{'ratio':>8}")
    for row in measure(chosen.revision, chosen.threads, 1 if chosen.quick else chosen.rounds):
        print(
            f"{row.preset + ' ' + row.factor:14}{row.side:6}{row.before:10.2f}{row.now:8.2f}"
            f"{row.before / row.now:7.2f}x",
            flush=True,
        )


if __name__ == "__main__":
    main()
