"""One upscaled image from file to file, as a list of small steps."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from upscaler.engine.devices.attempts import AttemptLog
from upscaler.engine.faces.refine import FaceWork, refine_faces, stage_for_faces
from upscaler.engine.faces.report import Refinement
from upscaler.engine.faces.restore import FaceModels
from upscaler.engine.imaging import encode
from upscaler.engine.imaging.alpha import bleed_colour, has_shape, limit_to_source
from upscaler.engine.imaging.decode import decode
from upscaler.engine.imaging.formats import ImageFormat, check_result_size, format_named
from upscaler.engine.imaging.hashing import sha256_of
from upscaler.engine.imaging.image import DecodedImage, Pixels
from upscaler.engine.imaging.png import Tags
from upscaler.engine.imaging.preservation import notes_on
from upscaler.engine.imaging.written import read_written
from upscaler.engine.model_zoo.recipe_builder import face_recipe, recipe_for, shape_stages
from upscaler.engine.model_zoo.recipes import Recipe
from upscaler.engine.notes import Note
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.postprocess.finisher import Finished, Finisher, ResultParts
from upscaler.engine.postprocess.output_check import OutputReport
from upscaler.engine.postprocess.row_filters import ArraySink, Downscaler, Sharpener, Sink
from upscaler.engine.progress import Progress, Shares, stage_part
from upscaler.engine.receipt import build_receipt
from upscaler.engine.result import Previews, UpscaleResult
from upscaler.engine.tiling.scratch import Scratch, TileLog
from upscaler.engine.tiling.upscaler import Upscaler
from upscaler.errors import EngineCanceled, EngineUnavailable, OutputRejected, StorageFull

# Share of the whole that is done when a part ends. Reading takes little time beside the networks, and writing
# follows them closely.
_DECODED = 0.02
_UPSCALED = 0.97
_WRITTEN = 0.99
# Upscaling the alpha channel takes a network of its own, of the fast kind.
_ALPHA_SHARE = 0.3
# Refining faces takes a moment for each, whatever the size of the image.
_FACES_SHARE = 0.1


@dataclass
class Engine:
    """The models of one process, loaded on first use and kept for the next job.

    Attributes:
        upscaler: the models that upscale.
        faces: the models that find and restore faces.

    """

    upscaler: Upscaler
    faces: FaceModels = field(init=False)
    _jobs: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.faces = FaceModels(self.upscaler.settings)

    @contextmanager
    def job(self) -> Iterator[None]:
        """Run a job in the block. Before the first one, devices whose time in quarantine is over are tested.

        A job in the pause of another one must not change the backend: the tiles of the other are to come from one.
        """
        if self._jobs == 0:
            self.upscaler.recheck()
        self._jobs += 1
        try:
            yield
        finally:
            self._jobs -= 1


@dataclass
class _Job:
    """State of one run; each step fills in more of it."""

    source: Path
    target: Path
    previews: Previews | None
    options: UpscaleOptions
    upscaler: Upscaler
    face_models: FaceModels
    scratch: Scratch
    progress: Progress
    should_stop: Callable[[], bool]
    attempts: AttemptLog
    kind: ImageFormat
    image: DecodedImage = field(init=False)
    recipe: Recipe = field(init=False)
    result_size: tuple[int, int] = (0, 0)
    alphas: list[Pixels | None] = field(default_factory=list)
    faces: Refinement | None = None
    finished: list[Finished] = field(default_factory=list)
    preview_size: tuple[int, int] = (0, 0)

    def upscaler_for(self, stage: Recipe) -> Upscaler:
        """Return the upscaler for a stage, in a precision that suits the image's depth."""
        return self.upscaler.suited_to(stage, deep=self.image.rgb.dtype == np.uint16, attempts=self.attempts)


def upscale_file(  # noqa: PLR0913 - a job's files, and what it works with
    source: Path,
    target: Path,
    previews: Previews | None,
    options: UpscaleOptions,
    engine: Engine,
    *,
    on_progress: Callable[[float], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    scratch: Scratch,
    attempts: AttemptLog | None = None,
) -> UpscaleResult:
    """Upscale the image in ``source`` and write it to ``target``, and small copies of both if asked for.

    Args:
        source: the file to read; it is never changed.
        target: the file to write, whole or not at all, in the format of the options whatever its name.
        previews: the small copies to write, or None.
        options: what was asked for.
        engine: the models that do the work.
        on_progress: called with the share that is done, rising from 0 to 1.
        should_stop: asked between steps and tiles.
        scratch: where the uncompressed result lives; it is closed in the end.
        attempts: collects the failures of backends; None for a log of its own.

    Raises:
        UpscalerError: the input cannot be used, the result was rejected, the engine failed or was canceled.

    """
    job = _Job(
        source=source,
        target=target,
        previews=previews,
        options=options,
        upscaler=engine.upscaler,
        face_models=engine.faces,
        scratch=scratch,
        progress=Progress(on_progress or (lambda _: None)),
        should_stop=should_stop or (lambda: False),
        attempts=attempts or AttemptLog(),
        kind=format_named(options.output_format),
    )
    seconds: dict[str, float] = {}
    try:
        with engine.job():
            for name, step in _STEPS:
                if job.should_stop():
                    raise EngineCanceled
                started = time.perf_counter()
                step(job)
                seconds[name] = time.perf_counter() - started
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise StorageFull from error
        raise
    finally:
        job.scratch.close()
    result = _result_of(job, seconds)
    job.progress.report(1.0)
    return result


def _decode(job: _Job) -> None:
    job.image = decode(job.source, keep_metadata=job.options.keep_metadata, deep=job.kind.deep)
    model = None if job.options.model is None else job.upscaler.model_named(job.options.model)
    job.recipe = recipe_for(job.options, *job.image.size, model)
    job.result_size = job.options.result_size(*job.image.size)
    check_result_size(*job.result_size, job.kind)
    job.progress.report(_DECODED)


def _upscale_alpha(job: _Job) -> None:
    """Upscale transparency by the fast, faithful network on three equal channels: as crisp as the colour."""
    job.alphas = [job.image.alpha]
    stages = shape_stages(job.recipe)
    for number, stage in enumerate(stages):
        source = job.alphas[-1]
        if source is None or stage.scale == 1:
            job.alphas.append(source)
            continue
        height, width = source.shape
        shape = (height * stage.scale, width * stage.scale, 1)
        if not has_shape(source):
            uniform = job.scratch.pixels(shape, source.dtype)
            uniform[:] = source.flat[0]
            job.alphas.append(uniform[..., 0])
            continue
        kept = job.scratch.tiles(f"alpha-{number}", shape, source.dtype)
        upscaled = kept.pixels
        job.alphas.append(upscaled[..., 0])
        job.upscaler_for(stage).upscale(
            _three_channels(source[..., np.newaxis]),
            stage,
            upscaled,
            on_progress=job.progress.part(*stage_part(stages, number, _DECODED, _DECODED + _ALPHA_SHARE)),
            should_stop=job.should_stop,
            tiles=kept.tiles,
            attempts=job.attempts,
        )
        # Also on pixels that went through it before: it changes them no more.
        limit_to_source(upscaled[..., 0], source, stage.scale)


def _refine_faces(job: _Job) -> None:
    """Restore the faces, if asked to, in the size that they have after the first networks that upscale."""
    if not job.options.refine_faces:
        return
    image = job.image
    _, scale = stage_for_faces(job.recipe)
    bundled = face_recipe(job.options, scale)
    start = _DECODED + (_ALPHA_SHARE if has_shape(image.alpha) else 0)
    job.faces = refine_faces(
        FaceWork(
            source=image.rgb if image.alpha is None else bleed_colour(image.rgb, image.alpha),
            channels=1 if image.gray else 3,
            scale=scale,
            faces=job.face_models,
            upscaler=job.upscaler if bundled is None else job.upscaler_for(bundled),
            bundled=bundled,
            scratch=job.scratch,
            on_progress=job.progress.part(start, start + _FACES_SHARE),
            should_stop=job.should_stop,
            attempts=job.attempts,
        )
    )
    image.notes.extend(job.faces.notes())


def _upscale_colour(job: _Job) -> None:
    """Upscale and write: what the networks are done with goes to the file while they work on.

    Where the image goes through networks more than once, each time but the last goes to a scratch file.
    """
    image = job.image
    if image.alpha is not None:
        image.rgb = bleed_colour(image.rgb, image.alpha)
    stages = job.recipe.stages
    start = _DECODED + (_ALPHA_SHARE if has_shape(image.alpha) else 0)
    if job.faces is not None and job.faces.found:
        start += _FACES_SHARE
    source = image.rgb[..., :1] if image.gray else image.rgb
    for number, stage in enumerate(stages):
        height, width, channels = source.shape
        shape = (height * stage.scale, width * stage.scale, channels)
        is_last = number == len(stages) - 1
        kept = job.scratch.tiles(f"colour-{number}", shape, source.dtype)
        parts = ResultParts(
            source=source,
            raw=kept.pixels,
            scale=stage.scale,
            alpha=job.alphas[number + 1] if is_last else None,
            source_alpha=job.alphas[number],
            gray_as_rgb=is_last and image.gray and not image.gray_layout,
            overlay=job.faces.overlay
            if job.faces is not None and number == stage_for_faces(job.recipe)[0]
            else None,
            match_colours=job.options.match_colours,
        )
        # What the networks gave stays as it is, for a next try to go on from; finished rows go elsewhere.
        finished = None if is_last else job.scratch.pixels(shape, source.dtype)
        shares = stage_part(stages, number, start, _UPSCALED)
        part = _Pass(stage, parts, kept.tiles, finished, shares)
        while not _upscaled_well(job, part):
            pass
        if finished is not None:
            source = finished


@dataclass(frozen=True)
class _Pass:
    """One way of the whole image through networks.

    ``finished`` takes its rows; None for the last one, whose rows go to the file. ``shares`` is where its progress
    begins and ends.
    """

    stage: Recipe
    parts: ResultParts
    tiles: TileLog
    finished: Pixels | None
    shares: Shares


def _upscaled_well(job: _Job, part: _Pass) -> bool:
    """Try it on the backend in use; False when its result was rejected and another backend is left."""
    stage, parts, finished = part.stage, part.parts, part.finished
    upscaler = job.upscaler_for(stage)

    def open_sink() -> Sink:
        return _open_result(job, parts) if finished is None else ArraySink(finished)

    finisher = Finisher(
        parts, open_sink, job.progress.part(_UPSCALED, _WRITTEN) if finished is None else (lambda _: None)
    )
    try:
        upscaler.upscale(
            _three_channels(parts.source),
            stage,
            parts.raw,
            on_rows=finisher.rows_ready,
            on_progress=job.progress.part(*part.shares),
            should_stop=job.should_stop,
            tiles=part.tiles,
            attempts=job.attempts,
        )
        job.finished.append(finisher.result())
    except OutputRejected as rejection:
        upscaler.reject(str(rejection.values["reason"]), stage, job.attempts)
        try:
            upscaler.warm_up(stage, job.attempts)
        except EngineUnavailable:
            raise rejection from None
        return False
    finally:
        finisher.abort()
    return True


def _open_result(job: _Job, parts: ResultParts) -> Sink:
    """Open the file, behind what rows go through before they are written."""
    upscaled = (parts.raw.shape[1], parts.raw.shape[0])
    sink: Sink = encode.ResultWriter(
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


def _three_channels(pixels: Pixels) -> Pixels:
    """Return (H, W, 3) of an image with one channel or three, without a copy."""
    return np.broadcast_to(pixels, (*pixels.shape[:2], 3))


def _write_previews(job: _Job) -> None:
    if job.previews is None:
        return
    job.preview_size = encode.write_preview_of_file(job.target, job.previews.result)
    image = job.image
    parts = [image.rgb] if image.alpha is None else [image.rgb, image.alpha[..., np.newaxis]]
    encode.write_preview_of_pixels(np.concatenate(parts, axis=2), image.profile, job.previews.original)


_STEPS: tuple[tuple[str, Callable[[_Job], None]], ...] = (
    ("decode", _decode),
    ("alpha", _upscale_alpha),
    ("faces", _refine_faces),
    ("upscale", _upscale_colour),
    ("previews", _write_previews),
)


def _result_of(job: _Job, seconds: dict[str, float]) -> UpscaleResult:
    written = read_written(job.target, job.kind)
    size_bytes, sha256 = job.target.stat().st_size, sha256_of(job.target)
    output: dict[str, Any] = {
        "format": job.kind.name,
        "mime_type": job.kind.mime_type,
        "width": written.width,
        "height": written.height,
        "bit_depth": written.bit_depth,
        "mode": written.mode,
        "size_bytes": size_bytes,
        "sha256": sha256,
    }
    if job.kind.default_quality is not None:
        output["quality"] = job.options.quality or job.kind.default_quality
    upscaler, failed = job.upscaler_for(_main_stage(job.recipe)), job.attempts.failed
    job.image.notes.extend(notes_on(job.image, written, job.kind))
    if failed:
        job.image.notes.append(Note("attempts_failed", {"count": len(failed)}))
    receipt = build_receipt(
        job.image,
        job.options,
        job.recipe,
        backend=upscaler.describe(),
        check=OutputReport.worst(done.report for done in job.finished).as_dict(),
        output=output,
        seconds={**seconds, **_summed(done.seconds for done in job.finished)},
        extra={
            "attempts": [attempt.as_dict() for attempt in (*failed, upscaler.last_attempt())],
            "tiles_taken_over": job.scratch.tiles_taken_over,
            **({} if job.faces is None else {"faces": job.faces.as_dict()}),
        },
    )
    return UpscaleResult(
        receipt=receipt,
        width=written.width,
        height=written.height,
        size_bytes=size_bytes,
        mime_type=job.kind.mime_type,
        sha256=sha256,
        preview_width=job.preview_size[0],
        preview_height=job.preview_size[1],
        preview_size_bytes=0 if job.previews is None else job.previews.result.stat().st_size,
        preview_mime_type="" if job.previews is None else encode.PREVIEW_MIME_TYPE,
    )


def _main_stage(recipe: Recipe) -> Recipe:
    """Return the stage that a custom network runs, or the first one."""
    return next((stage for stage in recipe.stages if stage.custom), recipe.stages[0])


def _summed(times: Iterable[Mapping[str, float]]) -> dict[str, float]:
    total: dict[str, float] = {}
    for seconds in times:
        for step, value in seconds.items():
            total[step] = total.get(step, 0.0) + value
    return total
