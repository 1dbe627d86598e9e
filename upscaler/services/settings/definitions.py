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

_ONE_OF = N_("Use one of: %(choices)s."), InvalidParameter.message
_WHOLE_NUMBER = (
    N_("Enter a whole number from %(low)s to %(high)s."),
    N_('"%(value)s" isn\'t a valid value for "%(name)s". Use a whole number from %(low)s to %(high)s.'),
)
_RATE = (
    N_("Enter a rate such as %(example)s, or off."),
    N_('"%(value)s" isn\'t a valid value for "%(name)s". Use a rate such as %(example)s, or off.'),
)


@dataclass(frozen=True)
class Expected:
    """The values that a setting may have, in words marked for translation.

    Attributes:
        advice: the sentence for a form.
        refusal: the sentence about a value of the API.
        values: what fills the placeholders of both.
    """

    advice: str
    refusal: str
    values: Mapping[str, object]


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
    def expected(self) -> Expected:
        """The values that it may have."""
        if self.choices:
            return Expected(*_ONE_OF, {"choices": ", ".join(self.choices)})
        if self.schema["type"] == "boolean":
            return Expected(*_ONE_OF, {"choices": "on, off"})
        if self.schema["type"] == "integer":
            bounds = {"low": self.schema["minimum"], "high": self.schema["maximum"]}
            return Expected(*_WHOLE_NUMBER, bounds)
        return Expected(*_RATE, {"example": self.example})

    def parse(self, value: object) -> Any:
        """Return the typed value; raise ``InvalidParameter``. Text is read as in the environment."""
        try:
            return getattr(RuntimeValues.model_validate({self.key: value}), self.key)
        except ValidationError:
            expected = self.expected
            raise InvalidParameter(expected.refusal, name=self.key, value=value, **expected.values) from None


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
