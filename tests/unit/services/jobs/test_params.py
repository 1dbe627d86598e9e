from __future__ import annotations

import pytest

from upscaler.engine.options import UpscaleOptions
from upscaler.errors import UnknownParameter
from upscaler.services.jobs.params import job_params, options_of
from upscaler.services.notifications.rules import Notifications

OPTIONS = UpscaleOptions("4x", "photo", denoise="low", refine_faces=True)


@pytest.mark.parametrize("callback_url", [None, "https://example.org/hook?key=secret"])
def test_options_are_read_as_they_were_stored(callback_url: str | None) -> None:
    params = job_params(OPTIONS, Notifications(callback_url))

    assert params.get("callback_url") == callback_url
    assert options_of(params) == OPTIONS


def test_an_email_address_is_not_a_parameter() -> None:
    assert job_params(OPTIONS, Notifications(email="layla@example.org", language="ar")) == OPTIONS.as_dict()


def test_an_unknown_parameter_is_refused() -> None:
    with pytest.raises(UnknownParameter):
        options_of({**OPTIONS.as_dict(), "colour": "red"})
