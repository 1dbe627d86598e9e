from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from config import RuntimeValues
from upscaler.engine.model_zoo.recipe_builder import recipe_for
from upscaler.engine.options import UpscaleOptions
from upscaler.errors import ResultTooLarge, TooManyPixels, UnknownModel, UpscalerError
from upscaler.models import Job
from upscaler.services.jobs.file_sizes import SourceFile, estimated_bytes
from upscaler.services.jobs.quotes import Quote, quote

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
    assert (found.waiting_seconds, found.queue_position) == (0, 1)
    assert found.own_seconds >= 1


def test_the_wait_is_shared_by_the_workers(db_session: Session, new_job: NewJob) -> None:
    new_job(estimated_seconds=10, submitter="visitor")

    assert quoted(db_session, UpscaleOptions("2x")).waiting_seconds == 10
    shared = quoted(db_session, UpscaleOptions("2x"), workers=3)
    assert (shared.waiting_seconds, shared.queue_position) == (4, 2)
    assert quoted(db_session, UpscaleOptions("2x"), workers=0).waiting_seconds is None


def test_the_size_of_the_file_is_told_where_enough_is_known(db_session: Session) -> None:
    options, limits = UpscaleOptions("2x", output_format="jpeg"), RuntimeValues()

    def of(source: SourceFile | None) -> int | None:
        return quote(db_session, (100, 50), options, limits, 1, "visitor", source).estimated_bytes

    assert of(None) is None
    source = SourceFile(2000, "image/png")
    assert of(source) == estimated_bytes(source, (100, 50), (200, 100), recipe_for(options), options)


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
