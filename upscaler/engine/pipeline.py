"""One enlargement from file to file, as a list of small steps."""

from __future__ import annotations

import errno
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from upscaler.engine import encode
from upscaler.engine.alpha import bleed_colour, limit_to_source
from upscaler.engine.decode import decode
from upscaler.engine.finish import Enlargement, Finished, Finisher
from upscaler.engine.formats import PictureFormat, format_named
from upscaler.engine.networks import Networks
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.picture import Picture, Pixels
from upscaler.engine.png import Tags
from upscaler.engine.presets import Recipe, recipe_for
from upscaler.engine.receipt import build_receipt
from upscaler.engine.result import Previews, UpscaleResult
from upscaler.engine.scratch import scratch_pixels
from upscaler.errors import EngineCanceled, EngineUnavailable, OutputRejected, StorageFull

# Share of the whole that is done when a part ends. Reading takes little time beside the networks, and writing
# follows them closely.
_DECODED = 0.02
_ENLARGED = 0.97
_WRITTEN = 0.99
# Enlarging the alpha channel takes a network of its own, of the fast kind.
_ALPHA_SHARE = 0.3


@dataclass
class _Job:
    """State of one run; each step fills in more of it."""

    source: Path
    target: Path
    previews: Previews | None
    options: UpscaleOptions
    networks: Networks
    scratch_dir: Path
    on_progress: Callable[[float], None]
    should_stop: Callable[[], bool]
    kind: PictureFormat
    recipe: Recipe
    picture: Picture = field(init=False)
    alpha: Pixels | None = None
    finished: Finished = field(init=False)
    preview_size: tuple[int, int] = (0, 0)
    reported: float = 0.0

    @property
    def result_size(self) -> tuple[int, int]:
        """Width and height of the result in pixels."""
        width, height = self.picture.size
        return width * self.recipe.scale, height * self.recipe.scale


def upscale_file(
    source: Path,
    target: Path,
    previews: Previews | None,
    options: UpscaleOptions,
    networks: Networks,
    *,
    on_progress: Callable[[float], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    scratch_dir: Path,
) -> UpscaleResult:
    """Enlarge the picture in ``source`` and write it to ``target``, and small copies of both if asked for.

    Args:
        source: the file to read; it is never changed.
        target: the file to write, whole or not at all, in the format of the options whatever its name.
        previews: the small copies to write, or None.
        options: what was asked for.
        networks: what enlarges.
        on_progress: called with the share that is done, rising from 0 to 1.
        should_stop: asked between steps and tiles.
        scratch_dir: an existing folder with room for the uncompressed result.

    Raises:
        UpscalerError: the input cannot be used, the result was rejected, the engine failed or was canceled.

    """
    job = _Job(
        source=source,
        target=target,
        previews=previews,
        options=options,
        networks=networks,
        scratch_dir=scratch_dir,
        on_progress=on_progress or (lambda _: None),
        should_stop=should_stop or (lambda: False),
        kind=format_named(options.output_format),
        recipe=recipe_for(options),
    )
    seconds: dict[str, float] = {}
    try:
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
    result = _result_of(job, seconds)
    job.on_progress(1.0)
    return result


def _decode(job: _Job) -> None:
    job.picture = decode(job.source)
    encode.check_result_size(*job.result_size, job.kind)
    if job.options.refine_faces:
        job.picture.changed.append("refine_faces: no face model is installed, so it was not applied")
    job.on_progress(_DECODED)


def _enlarge_alpha(job: _Job) -> None:
    """Enlarge transparency by the fast, faithful network on three equal channels: as crisp as the colour."""
    alpha = job.picture.alpha
    if alpha is None:
        return
    width, height = job.result_size
    enlarged = scratch_pixels((height, width, 1), job.scratch_dir)
    job.alpha = enlarged[..., 0]
    if not _has_shape(alpha):
        enlarged[:] = alpha.flat[0]
        return
    recipe = recipe_for(replace(job.options, preset="standard", denoise="none", refine_faces=False))
    job.networks.enlarge(
        np.repeat(alpha[..., np.newaxis], 3, axis=2),
        recipe,
        enlarged,
        on_progress=_share_of(job, _DECODED, _DECODED + _ALPHA_SHARE),
        should_stop=job.should_stop,
    )
    limit_to_source(job.alpha, alpha, job.recipe.scale)


def _enlarge_colour(job: _Job) -> None:
    """Enlarge and write: what the networks are done with goes to the file while they work on."""
    picture = job.picture
    if picture.alpha is not None:
        picture.rgb = bleed_colour(picture.rgb, picture.alpha)
        _note_lost_transparency(job)
    width, height = job.result_size
    source = picture.rgb[..., :1] if picture.gray else picture.rgb
    parts = Enlargement(
        source=source,
        raw=scratch_pixels((height, width, source.shape[2]), job.scratch_dir),
        scale=job.recipe.scale,
        alpha=job.alpha,
        source_alpha=picture.alpha,
        gray_as_rgb=picture.gray and not picture.gray_layout,
    )
    start = _DECODED + (_ALPHA_SHARE if _has_shape(picture.alpha) else 0)
    while not _enlarged_well(job, parts, start):
        pass


def _enlarged_well(job: _Job, parts: Enlargement, start: float) -> bool:
    """Try it on the backend in use; False when its result was rejected and another backend is left."""
    tags = Tags(job.picture.profile, job.picture.dpi)

    def open_writer() -> encode.ResultWriter:
        return encode.ResultWriter(job.target, job.kind, job.result_size, parts.channels, tags)

    finisher = Finisher(parts, open_writer, _share_of(job, _ENLARGED, _WRITTEN))
    try:
        job.networks.enlarge(
            job.picture.rgb,
            job.recipe,
            parts.raw,
            on_rows=finisher.rows_ready,
            on_progress=_share_of(job, start, _ENLARGED),
            should_stop=job.should_stop,
        )
        job.finished = finisher.result()
    except OutputRejected as rejection:
        job.networks.reject(rejection.detail)
        try:
            job.networks.warm_up(job.recipe)
        except EngineUnavailable:
            raise rejection from None
        return False
    finally:
        finisher.abort()
    return True


def _note_lost_transparency(job: _Job) -> None:
    picture = job.picture
    if not job.kind.has_alpha and _is_visible(picture.alpha):
        picture.kept.remove("transparency")
        picture.changed.append(f"transparency: laid on white, because {job.kind.name.upper()} has none")


def _write_previews(job: _Job) -> None:
    if job.previews is None:
        return
    job.preview_size = encode.write_preview_of_file(job.target, job.previews.result)
    picture = job.picture
    parts = [picture.rgb] if picture.alpha is None else [picture.rgb, picture.alpha[..., np.newaxis]]
    encode.write_preview_of_pixels(np.concatenate(parts, axis=2), picture.profile, job.previews.original)


_STEPS: tuple[tuple[str, Callable[[_Job], None]], ...] = (
    ("decode", _decode),
    ("alpha", _enlarge_alpha),
    ("enlarge", _enlarge_colour),
    ("previews", _write_previews),
)


def _share_of(job: _Job, start: float, end: float) -> Callable[[float], None]:
    """Return a listener that tells a part's progress as its share of the whole, which only rises."""

    def report(done: float) -> None:
        share = start + (end - start) * done
        if share > job.reported:
            job.reported = share
            job.on_progress(share)

    return report


def _has_shape(alpha: Pixels | None) -> bool:
    """Tell whether an alpha channel has more than one value and is worth a network."""
    return alpha is not None and bool(alpha.min() != alpha.max())


def _is_visible(alpha: Pixels | None) -> bool:
    return alpha is not None and bool(alpha.min() < 255)


def _result_of(job: _Job, seconds: dict[str, float]) -> UpscaleResult:
    width, height = job.result_size
    size_bytes, sha256 = job.target.stat().st_size, sha256_of(job.target)
    output = {
        "format": job.kind.name,
        "mime_type": job.kind.mime_type,
        "width": width,
        "height": height,
        "mode": ("L" if job.picture.gray_layout else "RGB")
        + ("A" if job.alpha is not None and job.kind.has_alpha else ""),
        "size_bytes": size_bytes,
        "sha256": sha256,
    }
    receipt = build_receipt(
        job.picture,
        job.options,
        job.recipe,
        backend=job.networks.describe(),
        check=job.finished.report.as_dict(),
        output=output,
        seconds={**seconds, **job.finished.seconds},
    )
    return UpscaleResult(
        receipt=receipt,
        width=width,
        height=height,
        size_bytes=size_bytes,
        mime_type=job.kind.mime_type,
        sha256=sha256,
        preview_width=job.preview_size[0],
        preview_height=job.preview_size[1],
        preview_size_bytes=0 if job.previews is None else job.previews.result.stat().st_size,
        preview_mime_type="" if job.previews is None else encode.PREVIEW_MIME_TYPE,
    )


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
