"""A response compared with its schema, member by member and type by type."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from marshmallow import Schema, ValidationError, fields

# A moment as ``iso8601`` writes it.
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
# Subclasses stand before their parents.
_TYPES: tuple[tuple[type[fields.Field], tuple[type, ...]], ...] = (
    (fields.Boolean, (bool,)),
    (fields.Integer, (int,)),
    (fields.Float, (int, float)),
    (fields.Dict, (dict,)),
    (fields.List, (list,)),
    (fields.Nested, (dict,)),
    (fields.DateTime, (str,)),
    (fields.String, (str,)),
)


def misfits(schema: Schema, response: Any) -> list[str]:
    """Return each place where a response, as JSON, differs from its schema; an empty list where it fits.

    All that is described must be there, and nothing else may be. What a schema calls optional may be left out, and an
    open schema permits more.
    """
    return list(_in_object(schema, json.loads(json.dumps(response)), ""))


def _in_object(schema: Schema, value: dict[str, Any], path: str) -> Iterator[str]:
    described = {field.data_key or name: field for name, field in schema.fields.items()}
    missing = {name for name, field in described.items() if field.required} - value.keys()
    yield from (f"{path}{name}: missing" for name in sorted(missing))
    if not getattr(schema, "RULES", {}).get("additionalProperties", False):
        yield from (f"{path}{name}: not described" for name in sorted(value.keys() - described))
    for name in sorted(described.keys() & value.keys()):
        yield from _in_field(described[name], value[name], f"{path}{name}")


def _in_field(field: fields.Field, value: Any, path: str) -> Iterator[str]:
    if value is None:
        if not field.allow_none:
            yield f"{path}: null"
        return
    allowed = next((types for kind, types in _TYPES if isinstance(field, kind)), None)
    if allowed is not None and type(value) not in allowed:
        yield f"{path}: {type(value).__name__} where {type(field).__name__} is described"
        return
    if isinstance(field, fields.Nested):
        yield from _in_object(field.schema, value, f"{path}.")
    elif isinstance(field, fields.List):
        for position, item in enumerate(value):
            yield from _in_field(field.inner, item, f"{path}[{position}]")
    elif isinstance(field, fields.DateTime) and not _MOMENT.fullmatch(value):
        yield f"{path}: {value} is no moment in UTC"
    for validator in field.validators:
        try:
            validator(value)
        except ValidationError as error:
            yield f"{path}: {value}: {error}"
