"""Measure a whole upscale, from file to file, against its models alone, with memory and the share of each step.

First the backends are tried on this machine, as the service does. Each row is a process of its own, so that its peak of
memory is its own: it runs the models on the very windows of the image, on as many streams, then upscales the image, and
so on in turns; medians are shown. The result is checked for its size only: whether it is right is for the tests to say.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data

from upscaler.engine.backends.base import Backend, LoadedModel, Result, Window
from upscaler.engine.backends.selection import Selection
from upscaler.engine.devices.attempts import AttemptLog
from upscaler.engine.model_zoo.catalogue import Model
from upscaler.engine.model_zoo.recipe_builder import recipe_for
from upscaler.engine.model_zoo.recipes import Recipe
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.pipeline import Engine, upscale_file
from upscaler.engine.settings import EngineSettings
from upscaler.engine.tiling.scratch import Scratch
from upscaler.engine.tiling.streams import in_order
from upscaler.engine.tiling.upscaler import Upscaler

STEPS = ("decode", "tones", "check", "encode")
ROWS = (
    ("standard", "2x", 1024),
    ("standard", "4x", 1024),
    ("art", "2x", 1024),
    ("art", "4x", 512),
    ("photo", "2x", 512),
    ("photo", "4x", 512),
)


class Recorder(LoadedModel):
    """A model that notes each window it runs on."""

    def __init__(self, inner: LoadedModel, runs: list[tuple[LoadedModel, Window]]) -> None:
        super().__init__(inner.model)
        self._inner = inner
        self._runs = runs

    def run(self, window: Window) -> Result:
        """Note the window and run the model."""
        self._runs.append((self._inner, window))
        return self._inner.run(window)


class RecordingSelection(Selection):
    """A selection of recorders on one backend; ``runs`` are the windows of all images since it was last cleared."""

    def __init__(self, settings: EngineSettings, backend: Backend) -> None:
        super().__init__(settings, [backend])
        self.runs: list[tuple[LoadedModel, Window]] = []

    def load(self, model: Model, attempts: AttemptLog | None = None) -> LoadedModel:
        """Return the model that notes its windows."""
        return Recorder(super().load(model, attempts), self.runs)


def photograph(side: int) -> Image.Image:
    """Return a square image of that side, made of photographs side by side at their own size."""
    astronaut, coffee = data.astronaut(), data.coffee()[:, :512]  # type: ignore[no-untyped-call]  # no types
    block = np.concatenate([astronaut[:400], coffee[:400]], axis=1)
    repeats = (-(-side // block.shape[0]), -(-side // block.shape[1]), 1)
    return Image.fromarray(np.ascontiguousarray(np.tile(block, repeats)[:side, :side]))


def seconds_of(work: Callable[[], object]) -> float:
    """Return how long it took."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def try_backends(settings: EngineSettings) -> None:
    """Measure the backends on the presets' models; the speeds are kept in the settings' ``cache_dir``."""
    upscaler = Upscaler(replace(settings, trial=True))
    while upscaler.refine():
        pass


def fastest_backend(settings: EngineSettings, recipe: Recipe) -> Backend:
    """Return the backend that runs a recipe in the service, by the speeds in the settings' ``cache_dir``."""
    return Upscaler(settings).suited_to(recipe, deep=False)._selection.backend


def measure(
    preset: str, factor: str, side: int, output_format: str, settings: EngineSettings, rounds: int
) -> None:
    """Measure one row and print it as JSON."""
    options = UpscaleOptions(factor, preset, output_format=output_format)
    recipe = recipe_for(options, on_processor=Upscaler(settings).on_processor())
    backend = fastest_backend(settings, recipe)
    selection = RecordingSelection(settings, backend)
    upscaler = Upscaler(replace(settings, cache_dir=""), selection)
    streams = backend.streams_for(recipe.models)
    pixels = np.asarray(photograph(side))
    alone, whole, steps = [], [], {step: [] for step in STEPS}  # type: ignore[var-annotated]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source, target = folder / "source.png", folder / "target"
        Image.fromarray(pixels).save(source, compress_level=1)

        def upscale() -> None:
            result = upscale_file(source, target, None, options, Engine(upscaler), scratch=Scratch(folder))
            assert (result.width, result.height) == (side * recipe.scale, side * recipe.scale)
            for step in STEPS:
                steps[step].append(result.receipt["seconds"][step])

        # The first one loads the models; the second one gives the windows of one image.
        for _ in range(2):
            selection.runs.clear()
            upscale()
        windows = list(selection.runs)
        for values in steps.values():
            values.clear()

        def run_alone() -> None:
            calls = [partial(loaded.run, window) for loaded, window in windows]
            for _ in in_order(calls, streams, lambda: None):
                pass

        for _ in range(rounds):
            alone.append(seconds_of(run_alone))
            whole.append(seconds_of(upscale))
    total = statistics.median(whole)
    print(
        json.dumps(
            {
                "recipe": recipe.name,
                "alone": statistics.median(alone),
                "whole": total,
                "steps": {step: statistics.median(values) / total for step, values in steps.items()},
                "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                "backend": f"{backend.name} {backend.precision} x {streams}",
            }
        )
    )


def show(preset: str, factor: str, side: int, arguments: list[str]) -> None:
    """Measure one row in a process of its own and print it as a line of the table."""
    command = [sys.executable, "-m", "bench.pipeline", "--row", preset, factor, str(side), *arguments]
    row = json.loads(
        subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1]
    )
    shares = "".join(f"{row['steps'][step] * 100:8.1f}%" for step in STEPS)
    print(
        f"{preset + ' ' + factor:14}{side:6}  {row['recipe']:52}{row['backend']:20}{row['whole']:8.2f}"
        f"{row['whole'] / row['alone'] - 1:9.1%}{shares}{row['megabytes']:8.0f}",
        flush=True,
    )


def show_all(chosen: argparse.Namespace, cache: str) -> None:
    """Measure all rows and print them as a table."""
    arguments = [
        "--format",
        chosen.format,
        "--rounds",
        str(1 if chosen.quick else chosen.rounds),
        "--threads",
        str(chosen.threads),
        "--cache",
        cache,
    ]
    print(
        f"{'':14}{'px':>6}  {'models':52}{'backend':20}{'s':>8}{'overhead':>9}",
        *(f"{step:>8}" for step in STEPS),
        f"{'MB':>7}",
    )
    for preset, factor, side in ROWS:
        show(preset, factor, side // 2 if chosen.quick else side, arguments)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.pipeline", description=__doc__)
    parser.add_argument(
        "--row", nargs=3, metavar=("PRESET", "FACTOR", "SIDE"), help="measure this one as JSON"
    )
    parser.add_argument("--format", default="png", help="of the result (%(default)s)")
    parser.add_argument("--quick", action="store_true", help="half the side, and one round")
    parser.add_argument("--rounds", type=int, default=3, help="(%(default)s)")
    parser.add_argument("--threads", type=int, default=EngineSettings().threads, help="(%(default)s)")
    parser.add_argument("--cache", default="", help="a folder with speeds that were measured before")
    chosen = parser.parse_args()
    if chosen.row:
        preset, factor, side = chosen.row
        settings = EngineSettings(threads=chosen.threads, cache_dir=chosen.cache)
        measure(preset, factor, int(side), chosen.format, settings, chosen.rounds)
        return
    with tempfile.TemporaryDirectory() as cache:
        try_backends(EngineSettings(threads=chosen.threads, cache_dir=cache))
        show_all(chosen, cache)


if __name__ == "__main__":
    main()
