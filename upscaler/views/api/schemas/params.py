"""The options of a job in responses."""

from __future__ import annotations

from marshmallow import Schema

from upscaler.engine.options import OPTIONS
from upscaler.views.api.schemas.options import option_fields


class ParamsSchema(Schema):
    """The options in force; they can be sent again as they are."""

    class Meta:
        """The options come from their table."""

        include = option_fields(OPTIONS.values())


class PreviewParamsSchema(Schema):
    """The options of a preview."""

    class Meta:
        """The options come from their table."""

        include = option_fields((option for option in OPTIONS.values() if option.in_preview), special=False)
