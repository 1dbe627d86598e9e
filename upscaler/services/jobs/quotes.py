"""What an upscaled image would be like, before anybody sends the image: how large, how long, after how many others."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sqlalchemy import Float, cast, func, select
from sqlalchemy.orm import Session

from config import RuntimeValues
from upscaler.engine.imaging.formats import format_named
from upscaler.engine.model_zoo.recipe_builder import recipe_for
from upscaler.engine.options import UpscaleOptions
from upscaler.errors import TooManyPixels
from upscaler.models import Job, JobStatus, Priority
from upscaler.services.jobs import estimates, scheduling
from upscaler.services.jobs.submissions import check_result_size
from upscaler.services.jobs.workers import devices_online
from upscaler.services.models import model_table

# Results of a kind that the estimate of the file's size looks back on.
LOOK_BACK = 20


@dataclass(frozen=True)
class Quote:
    """What to expect: sides in pixels, the file's size in bytes, times in seconds, and the place in the queue.

    ``waiting_seconds`` is None while no worker is online.
    """

    model: str
    output_width: int
    output_height: int
    estimated_bytes: int
    own_seconds: int
    waiting_seconds: int | None
    queue_position: int


def quote(
    session: Session,
    size: tuple[int, int],
    options: UpscaleOptions,
    limits: RuntimeValues,
    workers: int,
    submitter: str,
) -> Quote:
    """Estimate the upscaled image of an image of width x height pixels on ``workers`` workers, sent by ``submitter``.

    Raises:
        TooManyPixels, ResultTooLarge, FormatTooSmall, InvalidParameter, TargetOutOfRange: such an image would be
            refused.
    """
    width, height = size
    if max(width, height) > limits.max_image_side:
        raise TooManyPixels(width=width, height=height, limit=f"{limits.max_image_side:,} pixels a side")
    if width * height > limits.max_input_pixels:
        raise TooManyPixels(width=width, height=height, limit=f"{limits.max_input_pixels:,} pixels")
    check_result_size(width, height, options, limits.factors, limits.max_output_pixels)
    options, model = model_table.chosen(session, options)
    recipe = recipe_for(options, width, height, model)
    wide, high = options.result_size(width, height, limits.factors)
    work = estimates.Work(recipe, width * height, options.refine_faces)
    own_seconds = estimates.own_seconds(session, work, devices_online(session))
    before = scheduling.place(session, submitter, Priority.NORMAL, own_seconds)
    return Quote(
        model=recipe.name,
        output_width=wide,
        output_height=high,
        estimated_bytes=round(_bytes_per_pixel(session, options.output_format) * wide * high),
        own_seconds=own_seconds,
        waiting_seconds=math.ceil(before.seconds / workers) if workers else None,
        queue_position=before.jobs + 1,
    )


def _bytes_per_pixel(session: Session, output_format: str) -> float:
    kind = format_named(output_format)
    pixels = cast(Job.result_width, Float) * Job.result_height
    recent = (
        select(Job.result_size_bytes.label("size"), pixels.label("pixels"))
        .where(
            Job.status == JobStatus.COMPLETED.value,
            Job.result_mime_type == kind.mime_type,
            Job.result_width > 0,
            Job.result_height > 0,
        )
        .order_by(Job.finished_at.desc())
        .limit(LOOK_BACK)
        .subquery()
    )
    size, measured = session.execute(select(func.sum(recent.c.size), func.sum(recent.c.pixels))).one()
    return float(size) / float(measured) if measured else kind.bytes_per_pixel
