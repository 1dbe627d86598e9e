"""The options of an upload as fields of schemas, made from the table in ``engine/options.py``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from marshmallow import fields, validate

from upscaler.engine.option_kinds import Choice, Flag, Option, WholeNumber


def option_fields(
    options: Iterable[Option], *, special: bool = True, nullable: bool = False
) -> dict[str, fields.Field]:
    """Return a field for each option by its name.

    Args:
        options: rows of the table.
        special: whether the special values of choices are valid.
        nullable: whether null is valid, and stands for the default.

    """
    return {option.name: _field(option, special=special, nullable=nullable) for option in options}


def _field(option: Option, *, special: bool, nullable: bool) -> fields.Field:
    metadata: dict[str, Any] = {"description": option.help}
    if option.operator_default:
        metadata["description"] += "; by default, the operator's choice"
    elif option.default is not None and not nullable:
        metadata["default"] = option.default
    common: dict[str, Any] = {"metadata": metadata, "allow_none": nullable}
    kind = option.kind
    if isinstance(kind, Choice):
        values = (*kind.labels, *kind.special) if special else tuple(kind.labels)
        return fields.String(validate=validate.OneOf(values), **common)
    if isinstance(kind, Flag):
        # In a query it is a text.
        return fields.Boolean(truthy={"true"}, falsy={"false"}, **common)
    if isinstance(kind, WholeNumber):
        bounds = validate.Range(kind.allowed.start, kind.allowed.stop - 1)
        return fields.Integer(validate=bounds, **common)
    return fields.String(validate=validate.Regexp(f"^{kind.pattern.pattern}$"), **common)
