"""The parameters that are stored with a job: its options, and the URL of its webhook.

The URL is one of the job's parameters, as the specification has it. It may hold a secret of its owner, so answers
leave it out and only say whether there is one. The e-mail address is not a parameter.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from upscaler.engine.options import UpscaleOptions
from upscaler.models.job import CALLBACK
from upscaler.services.notifications.rules import Notifications


def job_params(options: UpscaleOptions, wanted: Notifications) -> dict[str, Any]:
    """Return the parameters that are stored with a job."""
    extra = {CALLBACK: wanted.callback_url} if wanted.callback_url else {}
    return {**options.as_dict(), **extra}


def options_of(params: Mapping[str, Any]) -> UpscaleOptions:
    """Return the options from the parameters of a job."""
    return UpscaleOptions.from_mapping({name: value for name, value in params.items() if name != CALLBACK})
