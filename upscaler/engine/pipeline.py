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
from upscaler.engine.alpha import bands, bleed_colour, limit_to_source
from upscaler.engine.decode import decode
from upscaler.engine.formats import PictureFormat, format_named
from upscaler.engine.networks import Networks
from upscaler.engine.options import UpscaleOptions
from upscaler.engine.output_check import OutputReport, check_output
from upscaler.engine.picture import Picture, Pixels
from upscaler.engine.presets import Recipe, recipe_for
from upscaler.engine.receipt import build_receipt
from upscaler.engine.result import Previews, UpscaleResult
from upscaler.engine.scratch import scratch_pixels
from upscaler.errors import EngineCanceled, StorageFull

# Share of the whole that is done when a part ends. Reading and writing take little time beside the networks.
_DECODED = 0.02
_ENLARGED = 0.95
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
    colour: Pixels = field(init=False)
    alpha: Pixels | None = None
    report: OutputReport = field(init=False)
    canvas: encode.Canvas = field(init=False)
    preview_size: tuple[int, int] = (0, 0)

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


def _enlarge_colour(job: _Job) -> None:
    picture = job.picture
    if picture.alpha is not None:
        picture.rgb = bleed_colour(picture.rgb, picture.alpha)
    width, height = job.result_size
    job.colour = scratch_pixels((height, width, 3), job.scratch_dir)
    end = _ENLARGED - (_ALPHA_SHARE if _has_shape(picture.alpha) else 0)
    _run_networks(job, picture.rgb, job.recipe, job.colour, (_DECODED, end))


def _enlarge_alpha(job: _Job) -> None:
    """Enlarge transparency by the fast, faithful network on three equal channels: as crisp as the colour."""
    alpha = job.picture.alpha
    if alpha is None:
        return
    width, height = job.result_size
    job.alpha = scratch_pixels((height, width), job.scratch_dir)
    if not _has_shape(alpha):
        job.alpha[:] = alpha.flat[0]
        return
    recipe = recipe_for(replace(job.options, preset="standard", denoise="none", refine_faces=False))
    enlarged = scratch_pixels((height, width, 3), job.scratch_dir)
    _run_networks(
        job,
        np.repeat(alpha[..., np.newaxis], 3, axis=2),
        recipe,
        enlarged,
        (_ENLARGED - _ALPHA_SHARE, _ENLARGED),
    )
    job.alpha[:] = enlarged[..., 1]
    limit_to_source(job.alpha, alpha, job.recipe.scale)


def _keep_gray(job: _Job) -> None:
    """Take the tint out again that networks give to gray pictures."""
    if not job.picture.gray:
        return
    height, width = job.colour.shape[:2]
    for rows in bands(height, width):
        band = job.colour[rows].astype(np.uint32)
        # Luma by the weights of Rec. ITU-R BT.601, rounded.
        luma = (band[..., 0] * 299 + band[..., 1] * 587 + band[..., 2] * 114 + 500) // 1000
        job.colour[rows] = luma[..., np.newaxis]


def _check(job: _Job) -> None:
    job.report = check_output(job.picture.rgb, job.colour, job.recipe.scale, job.picture.alpha)


def _encode(job: _Job) -> None:
    picture = job.picture
    colour = job.colour
    if picture.gray_layout:
        height, width = colour.shape[:2]
        colour = scratch_pixels((height, width, 1), job.scratch_dir)
        colour[:] = job.colour[..., :1]
    if job.alpha is not None and not job.kind.has_alpha and _is_visible(picture.alpha):
        picture.kept.remove("transparency")
        picture.changed.append(f"transparency: laid on white, because {job.kind.name.upper()} has none")
    job.canvas = encode.Canvas(colour, job.alpha, picture.profile, picture.dpi)
    encode.write_picture(job.canvas, job.target, job.kind)
    job.on_progress(_WRITTEN)


def _write_previews(job: _Job) -> None:
    if job.previews is None:
        return
    job.preview_size = encode.write_preview(job.canvas, job.previews.result)
    picture = job.picture
    original = encode.Canvas(picture.rgb, picture.alpha, picture.profile, picture.dpi)
    encode.write_preview(original, job.previews.original)


_STEPS: tuple[tuple[str, Callable[[_Job], None]], ...] = (
    ("decode", _decode),
    ("enlarge", _enlarge_colour),
    ("alpha", _enlarge_alpha),
    ("gray", _keep_gray),
    ("check", _check),
    ("encode", _encode),
    ("previews", _write_previews),
)


def _run_networks(job: _Job, rgb: Pixels, recipe: Recipe, out: Pixels, share: tuple[float, float]) -> None:
    start, end = share
    job.networks.enlarge(
        rgb,
        recipe,
        out=out,
        on_progress=lambda done: job.on_progress(start + (end - start) * done),
        should_stop=job.should_stop,
    )


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
        check=job.report.as_dict(),
        output=output,
        seconds=seconds,
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
