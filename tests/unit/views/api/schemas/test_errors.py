from __future__ import annotations

import pytest
from flask import Flask
from flask_babel import force_locale
from sqlalchemy.orm import Session

from tests import factories
from tests.support.strict_schemas import misfits
from upscaler import errors
from upscaler.errors import UpscalerError
from upscaler.models import JobStatus
from upscaler.views.api.schemas.errors import ErrorSchema, StatusReasonSchema
from upscaler.views.api.serializers.jobs import job_error, status_reason


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize(
    "error",
    [
        errors.EngineCrashed(reason="SIGKILL"),
        errors.EngineTimeout(seconds=120),
        errors.EngineOutOfMemory(),
        errors.EngineUnavailable(),
        errors.OutputRejected(),
        errors.DamagedImage(),
    ],
    ids=lambda error: error.code,
)
def test_an_error_that_ends_a_job_fits(
    app: Flask, session: Session, error: UpscalerError, language: str
) -> None:
    columns = factories.job_columns(JobStatus.FAILED)
    stored = {"error_code": error.code, "error_message": error.message, "error_values": error.values}
    job = factories.new_job(session, **{**columns, **stored})

    with app.test_request_context(), force_locale(language):
        shown = job_error(job)

    assert misfits(ErrorSchema(), shown) == []
    # The reason is the operator's.
    assert "SIGKILL" not in str(shown)


@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_reason_why_a_job_does_not_go_on_fits(app: Flask, language: str) -> None:
    with app.test_request_context(), force_locale(language):
        shown = status_reason(ended=False, workers=0)

    assert misfits(StatusReasonSchema(), shown) == []


def test_a_reason_that_programs_do_not_know_does_not_fit() -> None:
    assert misfits(StatusReasonSchema(), {"code": "bad_weather", "detail": "It rains."}) != []
