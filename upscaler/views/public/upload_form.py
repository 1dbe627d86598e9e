"""The options that the upload form offers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from upscaler.engine.options import OPTIONS
from upscaler.views.option_controls import Control, control_of

# Set at first where it is offered: quick, and enough for most images.
_FIRST_FACTOR = "2x"


def upload_options(default_preset: str, factors: Sequence[str]) -> dict[str, Control]:
    """Return the controls of the upload form by name: those of the options that it offers."""
    found = {name: control_of(option, option.default) for name, option in OPTIONS.items() if option.on_page}
    factor = found["factor"]
    found["factor"] = replace(
        factor,
        choices=[(value, label) for value, label in factor.choices if value in factors],
        value=_FIRST_FACTOR if _FIRST_FACTOR in factors else factors[0],
    )
    found["preset"] = replace(found["preset"], value=default_preset)
    return found
