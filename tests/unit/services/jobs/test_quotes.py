from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from config import RuntimeValues
from upscaler.engine.imaging.formats import format_named
from upscaler.engine.options import UpscaleOptions
from upscaler.errors import ResultTooLarge, TooManyPixels, UnknownModel, UpscalerError
from upscaler.models import Job, utcnow
from upscaler.services.jobs.quotes import LOOK_BACK, Quote, quote

DATABASES = ("sqlite", "postgresql")

NewJob = Callable[..., Job]


def quoted(
    session: Session,
    options: UpscaleOptions,
    limits: RuntimeValues | None = None,
    *,
    workers: int = 1,
) -> Quote:
    return quote(session, (100, 50), options, limits or RuntimeValues(), workers, "visitor")


def test_an_empty_queue_has_no_wait(db_session: Session) -> None:
    found = quoted(db_session, UpscaleOptions("2x"))

    assert (found.output_width, found.output_height) == (200, 100)
    assert found.estimated_bytes == round(format_named("png").bytes_per_pixel * 200 * 100)
    assert (found.waiting_seconds, found.queue_position) == (0, 1)
    assert found.own_seconds >= 1


def test_the_wait_is_shared_by_the_workers(db_session: Session, new_job: NewJob) -> None:
    new_job(estimated_seconds=10, submitter="visitor")

    assert quoted(db_session, UpscaleOptions("2x")).waiting_seconds == 10
    shared = quoted(db_session, UpscaleOptions("2x"), workers=3)
    assert (shared.waiting_seconds, shared.queue_position) == (4, 2)
    assert quoted(db_session, UpscaleOptions("2x"), workers=0).waiting_seconds is None


def test_the_size_of_the_file_follows_the_latest_results_of_its_format(
    db_session: Session, new_job: NewJob
) -> None:
    def result(mime: str, size: int, ago: int) -> None:
        moment = utcnow() - timedelta(minutes=ago)
        columns = {"result_mime_type": mime, "result_size_bytes": size, "finished_at": moment}
        new_job(status="completed", result_width=10, result_height=10, **columns)

    for ago in range(LOOK_BACK):
        result("image/png", 300, ago)
    result("image/png", 90_000, LOOK_BACK)
    result("image/webp", 90_000, 0)

    assert quoted(db_session, UpscaleOptions("2x")).estimated_bytes == 3 * 200 * 100


@pytest.mark.parametrize(
    ("options", "limits", "error"),
    [
        (UpscaleOptions("2x"), RuntimeValues(max_image_side=99), TooManyPixels),
        (UpscaleOptions("2x"), RuntimeValues(max_output_pixels=19_999), ResultTooLarge),
        (UpscaleOptions("2x", model="unknown"), RuntimeValues(), UnknownModel),
    ],
)
def test_an_image_that_would_be_refused_has_no_quote(
    db_session: Session, options: UpscaleOptions, limits: RuntimeValues, error: type[UpscalerError]
) -> None:
    with pytest.raises(error):
        quoted(db_session, options, limits)
