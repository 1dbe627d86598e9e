"""Fields of responses: each is always present, and each has a description."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from marshmallow import Schema, fields, validate


def text(
    description: str, *, nullable: bool = False, choices: Collection[str] | None = None, **metadata: Any
) -> fields.String:
    """Describe a text, one of ``choices`` where they are given."""
    return fields.String(
        required=True,
        allow_none=nullable,
        validate=None if choices is None else validate.OneOf(tuple(choices)),
        metadata={"description": description, **metadata},
    )


def integer(
    description: str, *, nullable: bool = False, least: int | None = None, most: int | None = None
) -> fields.Integer:
    """Describe a whole number, from ``least`` to ``most`` where they are given."""
    bounded = None if least is None and most is None else validate.Range(least, most)
    return fields.Integer(
        required=True, allow_none=nullable, validate=bounded, metadata={"description": description}
    )


def real(
    description: str, *, nullable: bool = False, least: float | None = None, most: float | None = None
) -> fields.Float:
    """Describe a number, from ``least`` to ``most`` where they are given."""
    bounded = None if least is None and most is None else validate.Range(least, most)
    return fields.Float(
        required=True, allow_none=nullable, validate=bounded, metadata={"description": description}
    )


def flag(description: str, *, nullable: bool = False) -> fields.Boolean:
    """Describe a truth value."""
    return fields.Boolean(required=True, allow_none=nullable, metadata={"description": description})


def moment(description: str, *, nullable: bool = False) -> fields.DateTime:
    """Describe a time in UTC, such as ``2025-12-07T12:34:56Z``."""
    return fields.DateTime(required=True, allow_none=nullable, metadata={"description": description})


def url(description: str, *, nullable: bool = False) -> fields.Url:
    """Describe an absolute URL."""
    return fields.Url(
        required=True,
        allow_none=nullable,
        require_tld=False,
        # JSON Schema knows no "url", which would be the field's own format.
        metadata={"format": "uri", "description": description},
    )


def nested(schema: type[Schema], description: str, *, nullable: bool = False) -> fields.Nested:
    """Describe an object of another schema."""
    return fields.Nested(schema, required=True, allow_none=nullable, metadata={"description": description})


def list_of(schema: type[Schema], description: str) -> fields.List:
    """Describe a list of objects of another schema."""
    return fields.List(fields.Nested(schema), required=True, metadata={"description": description})


def texts(description: str, *, choices: Collection[str] | None = None, nullable: bool = False) -> fields.List:
    """Describe a list of texts, each one of ``choices`` where they are given."""
    allowed = None if choices is None else validate.OneOf(tuple(choices))
    return fields.List(
        fields.String(validate=allowed),
        required=True,
        allow_none=nullable,
        metadata={"description": description},
    )


def mapping(description: str, *, nullable: bool = False) -> fields.Dict:
    """Describe an object whose fields are not fixed."""
    return fields.Dict(required=True, allow_none=nullable, metadata={"description": description})
