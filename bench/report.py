"""Measure this machine from every side and write it down: `bench/RESULTS.md`, with a chart beside it.

Every table is one run in which all rows take turns, so its ratios hold on a busy machine too.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot
from skimage import data

from bench.engine import load
from bench.engine import measure as measure_windows
from bench.pipeline import ROWS, STEPS, fastest_backend, try_backends
from bench.seams import MODEL_NAMES
from bench.seams import measure as measure_seams
from bench.sizes import Row
from bench.sizes import measure as measure_size
from bench.versions import FIRST_VERSION
from bench.versions import measure as measure_versions
from upscaler.engine.backends.openvino import OpenVinoBackend
from upscaler.engine.backends.speed import timed
from upscaler.engine.backends.windows import run_window
from upscaler.engine.model_zoo.catalogue import MODELS
from upscaler.engine.model_zoo.recipes import Recipe
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.settings import EngineSettings
from upscaler.version import __version__

HERE = Path(__file__).resolve().parent
WINDOW_SIDES = (64, 128, 256, 512)
# The models that presets upscale with; the others are these with other weights.
PRESET_MODELS = (
    *("realesrgan-x4plus", "realesrgan-x4plus-fitted", "realesrgan-x4plus-anime"),
    *("span-x2", "span-x4", "realesr-animevideov3-x4"),
    *("waifu2x-upconv7-photo", "waifu2x-cunet", "waifu2x-cunet-1x-n1"),
)
GROWTH = (
    (UpscaleOptions("2x", "standard"), (256, 512, 1024, 2048, 4096)),
    (UpscaleOptions("4x", "standard"), (256, 512, 1024, 2048)),
    (UpscaleOptions("4x", "standard", model="realesr-animevideov3-x4"), (256, 512, 1024, 2048, 4096)),
    (UpscaleOptions("4x", "photo"), (256, 512)),
)
LARGEST = [UpscaleOptions("4x", "standard")]
LARGEST_SIDE = 8000


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown: the first column to the left, the others to the right."""
    lines = [heads, [":--", *["--:"] * (len(heads) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def photograph_window(side: int) -> np.ndarray:
    """Return a square part of a photograph, uint8 (side, side, 3)."""
    photograph = data.astronaut()  # type: ignore[no-untyped-call]  # skimage has no types
    return np.ascontiguousarray(photograph[:side, :side])


class Timed(NamedTuple):
    """The seconds that a backend takes for one window of a model."""

    model: str
    backend: str
    seconds: float


def engines(threads: int, rounds: int) -> tuple[str, list[Timed]]:
    """Compare all engines on all models; return the table and what was measured."""
    rows, measured, reasons = [], [], []
    for name in PRESET_MODELS:
        # One model at a time: every backend with every model is more than the memory of a common machine.
        entries, missing = load(EngineSettings(threads=threads), [name])
        measure_windows(entries, photograph_window(128), rounds)
        reasons += missing
        seconds = {entry.backend: statistics.median(entry.seconds) for entry in entries}
        measured += [Timed(name, backend, value) for backend, value in seconds.items()]
        del entries
        if not seconds:
            continue
        slowest = max(seconds.values())
        rows.extend(
            (name, backend, f"{value * 1000:.1f}", f"{128 * 128 / value:.0f}", f"{slowest / value:.1f}")
            for backend, value in sorted(seconds.items(), key=lambda item: item[1])
        )
    heads = ("model", "engine", "ms", "input px/s", "times the slowest")
    notes = "".join(f"\n- not measured: {reason.rstrip('.')}" for reason in dict.fromkeys(reasons))
    return table(heads, rows) + "\n" + notes, measured


def one_window(name: str, side: int, settings: EngineSettings) -> dict[str, Any]:
    """Run one model on windows of one size, one on each stream, in this process alone.

    Return the seconds of one window, the peak memory and the backend.
    """
    model = MODELS[name]
    backend = fastest_backend(settings, Recipe(name, (name,)))
    loaded, streams = backend.load(model), backend.streams_for([model])
    window = photograph_window(side)
    # The first run of a size also reserves memory.
    timed(lambda: run_window(loaded, window), streams)
    clocks = [timed(lambda: run_window(loaded, window), streams).clock for _ in range(3)]
    return {
        "seconds": statistics.median(clocks),
        "mib": peak_mib(),
        "backend": f"{backend.name} {backend.precision} x {streams}",
    }


def peak_mib() -> float:
    """Return the most memory that this process had. What ``getrusage`` tells would begin with its parent's."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def windows(settings: EngineSettings) -> str:
    """Return the table of window sizes: speed and memory."""
    rows = []
    for name in ("realesrgan-x4plus-fitted", "realesrgan-x4plus", "span-x4", "waifu2x-upconv7-photo"):
        for side in WINDOW_SIDES:
            found = _json_of("bench.report", settings, "--window", name, str(side))
            speed = side * side / found["seconds"]
            rows.append((name, found["backend"], str(side), f"{speed:.0f}", f"{found['mib']:.0f}"))
    return table(("model", "backend", "window px", "input px/s", "peak MiB of the process"), rows)


def pipeline(settings: EngineSettings) -> str:
    """Return the table of whole images against their models alone."""
    rows = []
    for preset, factor, side in ROWS:
        row = _json_of("bench.pipeline", settings, "--row", preset, factor, str(side))
        shares = (f"{row['steps'][step] * 100:.1f} %" for step in STEPS)
        rows.append(
            (
                f"{preset} {factor}, {side} px",
                row["recipe"],
                row["backend"],
                f"{row['whole']:.2f}",
                f"{row['whole'] / row['alone'] - 1:.1%}",
                *shares,
            )
        )
    return table(("image", "models", "backend", "s", "more than its models alone", *STEPS), rows)


def versions(threads: int, rounds: int) -> str:
    """Return the table of presets beside the first version."""
    rows = [
        (
            f"{row.preset} {row.factor}, {row.side} px",
            f"{row.before:.2f}",
            f"{row.now:.2f}",
            f"{row.before / row.now:.2f}",
        )
        for row in measure_versions(FIRST_VERSION, threads, rounds)
    ]
    return table(("image", "0.1.0, s", "now, s", "times as fast"), rows)


def sizes(settings: EngineSettings, *, largest: bool) -> tuple[str, list[Row]]:
    """Return the table of growing images, and its rows."""
    found = [measure_size(options, side, settings) for options, sides in GROWTH for side in sides]
    if largest:
        found += [measure_size(options, LARGEST_SIDE, settings) for options in LARGEST]
    rows = [
        (
            f"{row.models}, {row.factor}, {row.output_format}",
            *(f"{row.side}", f"{row.seconds:.2f}", f"{row.microseconds_per_pixel:.2f}"),
            *(f"{row.peak_mib:.0f}", f"{row.result_mib:.1f}"),
        )
        for row in found
    ]
    heads = ("models", "side px", "s", "µs per input px", "peak MiB of the engine", "file MiB")
    return table(heads, rows), found


def one_seam(name: str, settings: EngineSettings) -> dict[str, Any]:
    """Return what cutting into windows costs for one model; see `bench.seams`."""
    (row,) = measure_seams([name], settings)
    return asdict(row)


def seams(settings: EngineSettings) -> str:
    """Return the table of what cutting into windows costs."""
    found = [_json_of("bench.report", settings, "--seam", name) for name in MODEL_NAMES]
    rows = [
        (
            row["model"],
            *(str(row["window"]), str(row["overlap"]), f"{row['off']:.2%}", str(row["worst"])),
            *("exact" if row["psnr"] == math.inf else f"{row['psnr']:.1f}", f"{row['work']:.2f}"),
        )
        for row in found
    ]
    heads = ("model", "window px", "overlap px", "off by > 2 levels", "worst", "PSNR dB", "times the work")
    return table(heads, rows)


def draw(measured: Sequence[Timed], grown: Sequence[Row], path: Path) -> None:
    """Draw speed by engine, and time and memory by size."""
    mpl.rcParams["svg.hashsalt"] = "the same image for the same figures"
    figure, (left, middle, right) = pyplot.subplots(1, 3, figsize=(15, 4.5), layout="constrained")
    shown = ("realesrgan-x4plus", "realesrgan-x4plus-fitted", "span-x4", "waifu2x-upconv7-photo")
    backends = list(dict.fromkeys(one.backend for one in measured))
    speeds_of = {(one.model, one.backend): 128**2 / one.seconds for one in measured}
    width = 0.8 / len(backends)
    for number, backend in enumerate(backends):
        speeds = [speeds_of.get((name, backend), 0) for name in shown]
        left.bar(np.arange(len(shown)) + number * width, speeds, width, label=backend)
    left.set_yscale("log")
    places = np.arange(len(shown)) + 0.4 - width / 2
    left.set_xticks(places, [name.replace("-", "-\n", 1) for name in shown], fontsize=7)
    left.set_title("input pixels per second, windows of 128 px")
    left.legend(fontsize=7)
    for name in dict.fromkeys(row.models for row in grown):
        rows = [row for row in grown if row.models == name and row.output_format == "png"]
        pixels = [row.side**2 / 1e6 for row in rows]
        middle.plot(pixels, [row.seconds for row in rows], marker="o", label=f"{name} {rows[0].factor}")
        right.plot(pixels, [row.peak_mib for row in rows], marker="o")
    for axes, title in ((middle, "seconds"), (right, "peak memory of the engine, MiB")):
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel("megapixels of the input")
        axes.set_title(title)
    middle.legend(fontsize=7)
    figure.savefig(path, metadata={"Date": None})


def _json_of(module: str, settings: EngineSettings, *arguments: str) -> dict[str, Any]:
    """Return what a module prints, run in a process of its own."""
    common = ("--threads", str(settings.threads), "--cache", settings.cache_dir)
    output = subprocess.run(
        [sys.executable, "-m", module, *arguments, *common],
        check=True,
        capture_output=True,
        text=True,
        cwd=HERE.parent,
    ).stdout
    found: dict[str, Any] = json.loads(output.splitlines()[-1])
    return found


def _median_of(rounds: int) -> str:
    return "one round" if rounds == 1 else f"the median of {rounds} rounds"


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(prog="python -m bench.report", description=__doc__)
    parser.add_argument("--threads", type=int, default=EngineSettings().threads, help="(%(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="of the comparison of engines (%(default)s)")
    parser.add_argument(
        "--largest", action="store_true", help=f"also {LARGEST_SIDE} px, 4x: minutes, and 10 GB of disk"
    )
    parser.add_argument("--cache", default="", help="a folder with speeds that were measured before")
    parser.add_argument("--window", nargs=2, metavar=("MODEL", "SIDE"), help="measure this one as JSON")
    parser.add_argument("--seam", metavar="MODEL", help="measure what cutting costs this one, as JSON")
    chosen = parser.parse_args()
    if chosen.seam:
        settings = EngineSettings(threads=chosen.threads, cache_dir=chosen.cache)
        print(json.dumps(one_seam(chosen.seam, settings)))
        return
    if chosen.window:
        settings = EngineSettings(threads=chosen.threads, cache_dir=chosen.cache)
        print(json.dumps(one_window(chosen.window[0], int(chosen.window[1]), settings)))
        return
    with tempfile.TemporaryDirectory() as cache:
        write(chosen, EngineSettings(threads=chosen.threads, cache_dir=cache))


def write(chosen: argparse.Namespace, settings: EngineSettings) -> None:
    """Measure everything and write it."""
    try_backends(settings)
    backend = OpenVinoBackend(settings)
    by_engine, measured = engines(settings.threads, chosen.rounds)
    by_size, grown = sizes(settings, largest=chosen.largest)
    text = f"""# Results

Measured by `python -m bench.report{" --largest" if chosen.largest else ""}`, version {__version__}, on {backend.device}
({platform.machine()}), {chosen.threads} threads, Python {platform.python_version()}. What counts are ratios: machines
differ, and this one was shared.

![Speed by engine, and time and memory by size](results.svg)

## Engines

One window of 128 x 128 px of a photograph, {_median_of(chosen.rounds)} in which all took turns.

{by_engine}

## Beside version 0.1.0

Each preset from file to file, image by image in turns, {_median_of(chosen.rounds)}.

{versions(settings.threads, chosen.rounds)}

## Windows

The backend that a trial chose here for each model, on its streams.

{windows(settings)}

## Seams

Images that are cut into windows against the same in one piece: a photograph a little larger than a window's core, so
that it is cut as every larger one is, and the work for 2000 x 1500 px.

{seams(settings)}

## Whole images

From file to file, against the same models on the same windows and streams alone; and the share of the time that each
step takes, most of it while the models work.

{pipeline(settings)}

## Growth

Time and the resident memory of the engine process, as the service's own limit sees it.

{by_size}
"""
    (HERE / "RESULTS.md").write_text(text, encoding="utf-8")
    draw(measured, grown, HERE / "results.svg")
    print(text)


if __name__ == "__main__":
    main()
