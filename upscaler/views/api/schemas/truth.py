"""A truth value in a JSON body."""

from __future__ import annotations

from typing import Any

from marshmallow import fields


class Truth(fields.Boolean):
    """Accept ``true`` and ``false`` alone: marshmallow's own field takes numbers and texts for them as well."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:  # noqa: ARG002 - marshmallow's signature
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value
