"""Measure how time and memory grow with an image, from file to file, in the engine process that the service uses.

Memory is what the limit of the service looks at: the resident memory of the engine and its children without the pages
of mapped files, which the kernel can drop at any time. It is sampled ten times a second.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from bench.pipeline import photograph, try_backends
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.process.client import EngineLimits, EngineProcess
from upscaler.engine.process.memory import resident_bytes
from upscaler.engine.settings import EngineSettings

SIDES = (256, 512, 1024, 2048, 4096)
_LIMITS = EngineLimits(timeout_seconds=7200, memory_bytes=16 << 30)
_SAMPLE_SECONDS = 0.1


@dataclass(frozen=True)
class Row:
    """The time and memory of one image."""

    models: str
    factor: str
    output_format: str
    side: int
    seconds: float
    peak_mib: float
    result_mib: float

    @property
    def microseconds_per_pixel(self) -> float:
        """Time for one input pixel."""
        return self.seconds / self.side**2 * 1e6


class _Peak(threading.Thread):
    """Watches a process until it is told to stop."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self._stop_asked = threading.Event()
        self._peak = 0
        self.start()

    def run(self) -> None:
        """Poll until the end."""
        while not self._stop_asked.wait(_SAMPLE_SECONDS):
            self._peak = max(self._peak, resident_bytes(self._pid))

    def mib(self) -> float:
        """Stop, and return the most that was seen."""
        self._stop_asked.set()
        self.join()
        return self._peak / (1 << 20)


def measure(options: UpscaleOptions, side: int, settings: EngineSettings) -> Row:
    """Upscale a square photograph in an engine of its own, whose models are loaded already."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        engine = EngineProcess(settings, _LIMITS, folder)
        try:
            warm, source, target = folder / "warm.png", folder / "source.png", folder / "target"
            photograph(64).save(warm)
            photograph(side).save(source, compress_level=1)
            recipe = engine.upscale(warm, target, None, options).receipt["model"]
            assert engine.pid is not None
            peak = _Peak(engine.pid)
            start = time.perf_counter()
            result = engine.upscale(source, target, None, options)
            seconds = time.perf_counter() - start
            scale = options.ratio(side, side)
            assert (result.width, result.height) == (side * scale, side * scale)
            return Row(
                recipe,
                options.factor,
                options.output_format,
                side,
                seconds,
                peak.mib(),
                result.size_bytes / (1 << 20),
            )
        finally:
            engine.close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.sizes", description=__doc__)
    parser.add_argument("sides", nargs="*", type=int, default=SIDES, metavar="SIDE", help="in pixels")
    parser.add_argument("--preset", default="standard", help="(%(default)s)")
    parser.add_argument("--factor", default="2x", help="(%(default)s)")
    parser.add_argument("--model", help="a model to use in place of the preset's")
    parser.add_argument("--format", default="png", help="of the result (%(default)s)")
    parser.add_argument("--threads", type=int, default=EngineSettings().threads, help="(%(default)s)")
    chosen = parser.parse_args()
    options = UpscaleOptions(chosen.factor, chosen.preset, output_format=chosen.format, model=chosen.model)
    print(f"{'models':36}{'':9}{'px':>6}{'s':>9}{'us/px':>8}{'peak MiB':>10}{'file MiB':>10}")
    with tempfile.TemporaryDirectory() as cache:
        settings = EngineSettings(threads=chosen.threads, cache_dir=cache)
        try_backends(settings)
        for side in chosen.sides:
            row = measure(options, side, settings)
            print(
                f"{row.models:36}{row.factor + ' ' + row.output_format:9}{row.side:6}{row.seconds:9.2f}"
                f"{row.microseconds_per_pixel:8.2f}{row.peak_mib:10.0f}{row.result_mib:10.1f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
