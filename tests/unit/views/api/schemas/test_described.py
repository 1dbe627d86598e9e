from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from marshmallow import Schema, fields

from tests.support.strict_schemas import misfits
from upscaler.views.api import OPERATIONS
from upscaler.views.api.openapi import document
from upscaler.views.api.operations import Operation
from upscaler.views.api.schemas import described
from upscaler.views.api.schemas.params import ParamsSchema, PreviewParamsSchema


class InnerSchema(Schema):
    """A part."""

    name = described.text("its name")


class OuterSchema(Schema):
    """A field of each kind."""

    word = described.text("a word", example="cat")
    kind = described.text("a kind", choices={"a": 1, "b": 2})
    percent = described.integer("a percentage", least=0, most=100)
    count = described.integer("a count")
    seconds = described.real("a time")
    yes = described.flag("a truth value")
    at = described.moment("a moment")
    link = described.url("a link")
    inner = described.nested(InnerSchema, "a part")
    items = described.list_of(InnerSchema, "parts")
    names = described.texts("names", choices=("x", "y"))
    facts = described.mapping("facts")


class NullableSchema(Schema):
    """The same where it is not known."""

    word = described.text("a word", nullable=True)
    count = described.integer("a count", nullable=True)
    seconds = described.real("a time", nullable=True)
    yes = described.flag("a truth value", nullable=True)
    at = described.moment("a moment", nullable=True)
    link = described.url("a link", nullable=True)
    inner = described.nested(InnerSchema, "a part", nullable=True)
    names = described.texts("names", nullable=True)
    facts = described.mapping("facts", nullable=True)


FULL: dict[str, Any] = {
    "word": "cat",
    "kind": "a",
    "percent": 100,
    "count": -1,
    "seconds": 1.5,
    "yes": False,
    "at": "2025-12-07T12:34:56Z",
    "link": "http://localhost/files/a.png?sig=1",
    "inner": {"name": "part"},
    "items": [{"name": "part"}, {"name": ""}],
    "names": ["x", "y", "x"],
    "facts": {"anything": [1]},
}


def test_what_is_described_fits() -> None:
    assert misfits(OuterSchema(), FULL) == []
    assert misfits(OuterSchema(), {**FULL, "items": [], "names": [], "facts": {}, "seconds": 1}) == []
    assert OuterSchema().validate(FULL) == {}


@pytest.mark.parametrize("name", FULL)
def test_each_field_must_be_there_and_not_null(name: str) -> None:
    without = {other: value for other, value in FULL.items() if other != name}

    assert misfits(OuterSchema(), without) == [f"{name}: missing"]
    assert misfits(OuterSchema(), {**FULL, name: None}) == [f"{name}: null"]
    assert list(OuterSchema().validate(without)) == [name]
    assert list(OuterSchema().validate({**FULL, name: None})) == [name]


def test_a_nullable_field_may_be_null_but_not_left_out() -> None:
    nothing = dict.fromkeys(NullableSchema().fields)

    assert misfits(NullableSchema(), nothing) == []
    assert misfits(NullableSchema(), {}) == [f"{name}: missing" for name in sorted(nothing)]


@pytest.mark.parametrize(
    "change",
    [
        {"word": 1},
        {"count": True},
        {"kind": "c"},
        {"percent": -1},
        {"percent": 101},
        {"at": "yesterday"},
        {"link": "/files/a.png"},
        {"inner": {}},
        {"inner": {"name": "part", "size": 1}},
        {"items": [{"name": "part"}, {}]},
        {"names": ["z"]},
        {"facts": []},
        {"more": 1},
    ],
    ids=str,
)
def test_other_values_do_not_fit(change: dict[str, Any]) -> None:
    [name] = change

    assert [
        place.partition(":")[0].split("[")[0].split(".")[0]
        for place in misfits(OuterSchema(), {**FULL, **change})
    ] == [name]
    assert list(OuterSchema().validate({**FULL, **change})) == [name]


@pytest.mark.parametrize(
    "change",
    [{"count": "1"}, {"count": 1.0}, {"seconds": "1"}, {"yes": 1}, {"at": "2025-12-07T12:34:56+00:00"}],
    ids=str,
)
def test_a_value_that_only_a_lenient_reader_takes_does_not_fit(change: dict[str, Any]) -> None:
    assert len(misfits(OuterSchema(), {**FULL, **change})) == 1
    assert OuterSchema().validate({**FULL, **change}) == {}


def test_programs_read_kinds_bounds_and_choices_in_the_description() -> None:
    def view() -> str:
        """Do something."""
        return ""

    operation = Operation("get_outer", "GET", "/outer", view, "Tests", answer=OuterSchema())
    outer = document((operation,))["components"]["schemas"]["Outer"]

    assert set(outer["required"]) == set(FULL)
    properties = outer["properties"]
    assert properties["word"] == {"type": "string", "description": "a word", "example": "cat"}
    assert properties["kind"]["enum"] == ["a", "b"]
    assert (properties["percent"]["minimum"], properties["percent"]["maximum"]) == (0, 100)
    assert (properties["at"]["format"], properties["link"]["format"]) == ("date-time", "uri")
    assert properties["items"]["items"] == {"$ref": "#/components/schemas/Inner"}
    assert properties["names"]["items"]["enum"] == ["x", "y"]


def schemas_of(schema: Schema) -> Iterator[Schema]:
    """Yield a schema and those inside it."""
    yield schema
    for field in schema.fields.values():
        inner = field.inner if isinstance(field, fields.List) else field
        if isinstance(inner, fields.Nested):
            yield from schemas_of(inner.schema)


ANSWERS = {
    type(inner).__name__: inner
    for operation in OPERATIONS
    for answer in (operation.answer, *operation.also.values())
    if answer is not None
    for inner in schemas_of(answer)
}


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_every_member_of_a_response_has_a_description_and_is_always_there(name: str) -> None:
    schema = ANSWERS[name]

    assert [field for field, kind in schema.fields.items() if not kind.metadata.get("description")] == []
    # Options that are not in force are left out; an open schema grows with the engine.
    if not isinstance(schema, (ParamsSchema, PreviewParamsSchema)) and not hasattr(schema, "RULES"):
        assert [field for field, kind in schema.fields.items() if not kind.required] == []
