"""What this service offers of the options: factors that the operator allows, and models that exist."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from config import RuntimeValues
from upscaler.engine.options import FACTORS, OPTIONS
from upscaler.errors import InvalidParameter, gathered
from upscaler.services.models import model_table


def check(session: Session, limits: RuntimeValues, given: Mapping[str, Any]) -> None:
    """Check options as they were sent; a value that no service offers is left for ``UpscaleOptions`` to refuse.

    Raises:
        InvalidParameter, UnknownModel: the factor is not offered, the model does not exist or may not be used; the
            error holds both.
    """

    def check_factor() -> None:
        factor = given.get("factor")
        if factor in FACTORS and factor not in limits.factors:
            raise InvalidParameter(name="factor", value=factor, choices=", ".join(limits.factors))

    def check_model() -> None:
        name = given.get("model")
        if name and OPTIONS["model"].kind.accepts(name):
            model_table.check_usable(session, name)

    gathered(check_factor, check_model)
