"""The step ``upscale``: the colours, stage by stage, and the file that they are written to.

The rows that a stage has finished go on at once: through the finisher, which checks them and matches their tones, and
from the last stage into the file, while the models work on the rows below. Each earlier stage goes to a scratch file.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import partial

from upscaler.engine.faces.refine import stage_for_faces
from upscaler.engine.imaging.alpha import bleed_colour, has_shape
from upscaler.engine.imaging.encode import ResultWriter
from upscaler.engine.imaging.image import Pixels
from upscaler.engine.imaging.png import Tags
from upscaler.engine.model_zoo.recipes import Recipe
from upscaler.engine.postprocess.finisher import Finisher, ResultParts
from upscaler.engine.postprocess.row_filters import ArraySink, Downscaler, Sharpener, Sink
from upscaler.engine.progress import ENCODING, UPSCALING, Shares, stage_part
from upscaler.engine.steps.job import (
    ALPHA_SHARE,
    DECODED,
    FACES_SHARE,
    UPSCALED,
    WRITTEN,
    Job,
    three_channels,
)
from upscaler.engine.tiling.scratch import TileLog
from upscaler.errors import EngineUnavailable, OutputRejected


@dataclass(frozen=True)
class _Stage:
    """One stage over the whole image.

    ``finished`` takes its rows; None for the last one, whose rows go to the file. ``shares`` is where its progress
    begins and ends.
    """

    recipe: Recipe
    parts: ResultParts
    tiles: TileLog
    finished: Pixels | None
    shares: Shares


def upscale_colour(job: Job) -> None:
    """Upscale the colours and write the result."""
    image = job.image
    if image.alpha is not None:
        image.rgb = bleed_colour(image.rgb, image.alpha)
    stages = job.recipe.stages
    start = DECODED + (ALPHA_SHARE if has_shape(image.alpha) else 0)
    if job.faces is not None and job.faces.found:
        start += FACES_SHARE
    source = image.rgb[..., :1] if image.gray else image.rgb
    for number, stage in enumerate(stages):
        height, width, channels = source.shape
        shape = (height * stage.scale, width * stage.scale, channels)
        is_last = number == len(stages) - 1
        cached = job.scratch.tiles(f"colour-{number}", shape, source.dtype)
        parts = ResultParts(
            source=source,
            raw=cached.pixels,
            scale=stage.scale,
            alpha=job.alphas[number + 1] if is_last else None,
            source_alpha=job.alphas[number],
            gray_as_rgb=is_last and image.gray and not image.gray_layout,
            overlay=job.faces.overlay
            if job.faces is not None and number == stage_for_faces(job.recipe)[0]
            else None,
            match_colours=job.options.match_colours,
        )
        # The raw result stays as it is, so that a later attempt can resume from it; finished rows go elsewhere.
        finished = None if is_last else job.scratch.pixels(shape, source.dtype)
        shares = stage_part(stages, number, start, UPSCALED)
        work = _Stage(stage, parts, cached.tiles, finished, shares)
        while not _upscaled_well(job, work):
            pass
        if finished is not None:
            source = finished


def _upscaled_well(job: Job, stage: _Stage) -> bool:
    """Run a stage on the backend in use; False when its result was rejected and another backend is left."""
    recipe, parts, finished = stage.recipe, stage.parts, stage.finished
    upscaler = job.upscaler_for(recipe)
    models_done = threading.Event()
    job.progress.begin(UPSCALING)

    def open_sink() -> Sink:
        return _open_result(job, parts) if finished is None else ArraySink(finished)

    def rows_written(share: float) -> None:
        # Rows are written while the models work, whose progress is the smaller one.
        if finished is None and models_done.is_set():
            job.progress.report(UPSCALED + (WRITTEN - UPSCALED) * share)

    finisher = Finisher(parts, open_sink, rows_written)
    try:
        run = upscaler.upscale(
            three_channels(parts.source),
            recipe,
            parts.raw,
            on_rows=finisher.rows_ready,
            on_progress=job.progress.part(*stage.shares),
            should_stop=job.should_stop,
            tiles=stage.tiles,
            attempts=job.attempts,
        )
        models_done.set()
        end = stage.shares[1]
        if finished is None:
            end = WRITTEN
            job.progress.begin(ENCODING)
        job.finished.append(finisher.result(partial(job.progress.creep, end)))
        job.runs.append(run)
    except OutputRejected as rejection:
        upscaler.reject(str(rejection.values["reason"]), recipe, job.attempts)
        try:
            upscaler.warm_up(recipe, job.attempts)
        except EngineUnavailable:
            raise rejection from None
        return False
    finally:
        finisher.abort()
    return True


def _open_result(job: Job, parts: ResultParts) -> Sink:
    """Open the file, behind the filters that rows go through before they are written."""
    upscaled = (parts.raw.shape[1], parts.raw.shape[0])
    sink: Sink = ResultWriter(
        job.target,
        job.kind,
        job.result_size,
        (parts.channels, parts.raw.dtype),
        Tags(job.image.profile, job.image.dpi, job.image.exif),
        quality=job.options.quality,
    )
    if job.options.sharpen != "none":
        grown = job.result_size[0] / job.image.size[0]
        sink = Sharpener(sink, job.result_size[1], job.options.sharpen, grown)
    return Downscaler(sink, upscaled, job.result_size) if upscaled != job.result_size else sink
