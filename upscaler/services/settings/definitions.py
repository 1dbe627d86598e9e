"""The runtime settings as the console and the API offer them, derived from the marked fields of the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from config import Runtime, RuntimeValues, runtime_mark
from upscaler.errors import N_, InvalidParameter, UnknownParameter

# Parts of a JSON Schema that say which values a program may send.
_CONSTRAINTS = ("type", "minimum", "maximum", "pattern", "enum", "items", "minItems")


@dataclass(frozen=True)
class Definition:
    """A runtime setting.

    Attributes:
        key: the setting's name in the API, and in lower case that of its environment variable.
        mark: label, group, unit and help.
        schema: the values that it may have, in JSON Schema.
        example: its first value.
    """

    key: str
    mark: Runtime
    schema: Mapping[str, Any]
    example: object

    @property
    def several(self) -> bool:
        """Whether the value is a list of choices."""
        return bool(self.schema["type"] == "array")

    @property
    def choices(self) -> tuple[str, ...]:
        """The values to choose from; empty where any text or number may be entered."""
        return tuple((self.schema["items"] if self.several else self.schema).get("enum", ()))

    @property
    def expected(self) -> tuple[str, dict[str, object]]:
        """The values that it may have, as a message id and the values to fill into it."""
        if self.choices:
            return "%(choices)s", {"choices": ", ".join(self.choices)}
        if self.schema["type"] == "boolean":
            return N_("on or off"), {}
        if self.schema["type"] == "integer":
            bounds = {"low": self.schema["minimum"], "high": self.schema["maximum"]}
            return N_("a whole number from %(low)s to %(high)s"), bounds
        return N_("a rate such as %(example)s, or off"), {"example": self.example}

    def parse(self, value: object) -> Any:
        """Return the typed value; raise ``InvalidParameter``. Text is read as in the environment."""
        try:
            return getattr(RuntimeValues.model_validate({self.key: value}), self.key)
        except ValidationError:
            text, values = self.expected
            raise InvalidParameter(
                N_('"%(value)s" isn\'t a valid value for "%(name)s", which takes %(choices)s.'),
                name=self.key,
                value=value,
                choices=text % values,
            ) from None


def _definitions() -> dict[str, Definition]:
    properties = RuntimeValues.model_json_schema()["properties"]
    return {
        key: Definition(
            key,
            runtime_mark(key),
            {name: schema[name] for name in _CONSTRAINTS if name in schema},
            schema["default"],
        )
        for key, schema in properties.items()
    }


DEFINITIONS: Mapping[str, Definition] = _definitions()


def definition(key: str) -> Definition:
    """Return the definition of a setting; raise ``UnknownParameter``."""
    if key not in DEFINITIONS:
        raise UnknownParameter(name=key)
    return DEFINITIONS[key]
