"""Types of settings: each reads the same text from the environment, the console and the API."""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from email.utils import formataddr, parseaddr
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    SecretStr,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

Network = IPv4Network | IPv6Network

# As the library `limits` reads them: "10 per hour", "1/second; 100 per 2 days".
_RATE = r"[1-9][0-9]{0,6} ?(/|per) ?([1-9][0-9]{0,2} )?(second|minute|hour|day|month|year)s?"
_RATES = rf"(off|{_RATE}( ?[,;|] ?{_RATE}){{0,3}})"


_SWITCH = {"on": True, "true": True, "off": False, "false": False}


def _switched(value: object) -> object:
    if isinstance(value, bool):
        return value
    if not isinstance(value, str) or (text := value.strip().lower()) not in _SWITCH:
        raise ValueError("must be on or off")
    return _SWITCH[text]


def _not_a_boolean(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("must be a whole number")  # noqa: TRY004 - pydantic reports a ValueError only
    return value.strip() if isinstance(value, str) else value


def _checked_rate(value: str) -> str:
    text = value.strip().lower()
    if re.fullmatch(_RATES, text) is None:
        raise ValueError("must be a rate such as 10 per hour, or off")
    return text


def _checked_url(value: str) -> str:
    if value and not value.startswith(("http://", "https://")):
        raise ValueError("must start with http:// or https://")
    return value.rstrip("/")


def _checked_origins(value: tuple[str, ...]) -> tuple[str, ...]:
    for origin in value:
        if not re.fullmatch(r"https?://[^/\s*]+", origin):
            raise ValueError(f"{origin} is not an origin such as https://app.example.org, without a path")
    return value


def _checked_hosts(value: tuple[str, ...]) -> tuple[str, ...]:
    for host in value:
        if not re.fullmatch(r"\.?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]+", host):
            raise ValueError(
                f"{host} is not a host such as images.example.org, or .example.org for all below it"
            )
    return value


def _networks(value: object) -> object:
    return [ip_network(part) for part in _split(value)] if isinstance(value, str) else value


def _checked_networks(value: tuple[Network, ...]) -> tuple[Network, ...]:
    for network in value:
        if network.prefixlen == 0:
            raise ValueError(f"{network} would allow every address; name the networks that receivers are in")
    return value


def _checked_sender(value: str) -> str:
    name, address = parseaddr(value)
    if value and (not value.isprintable() or not re.fullmatch(r"[^@\s]+@[^@\s]+", address)):
        raise ValueError("must be an e-mail address, with or without a name in front")
    return formataddr((name, address)) if value else ""


def _words(value: object) -> object:
    return value.split() if isinstance(value, str) else value


def _checked_signing_secrets(value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    for secret in (hidden.get_secret_value() for hidden in value):
        try:
            key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except ValueError:
            key = b""
        if not secret.startswith("whsec_") or not 24 <= len(key) <= 64:
            raise ValueError("each must be whsec_ followed by the base64 of 24 to 64 random bytes")
    return value


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _parts(value: object) -> object:
    return _split(value) if isinstance(value, str) else value


def instead(*wrong: str) -> str:
    """Return the end of a sentence that lists choices: the values that are none of them."""
    return f", not {', '.join(map(repr, wrong))}" if wrong else ""


@dataclass(frozen=True)
class SomeOf:
    """Mark of a ``tuple[str, ...]`` that holds some of the choices: a list, or a text with commas.

    Attributes:
        choices: what it may hold.
        may_be_empty: whether it may hold none of them.
    """

    choices: tuple[str, ...]
    may_be_empty: bool = False

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Split a text before the type is checked, and put what was chosen into the order of the choices."""
        inner = core_schema.no_info_before_validator_function(_parts, handler(source))
        return core_schema.no_info_after_validator_function(self._checked, inner)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Describe a list of choices."""
        least = 0 if self.may_be_empty else 1
        return {"type": "array", "minItems": least, "items": {"type": "string", "enum": list(self.choices)}}

    def _checked(self, chosen: Sequence[str]) -> tuple[str, ...]:
        wrong = [choice for choice in chosen if choice not in self.choices]
        if wrong or not (chosen or self.may_be_empty):
            raise ValueError(f"must be one or more of {', '.join(self.choices)}{instead(*wrong)}")
        return tuple(choice for choice in self.choices if choice in chosen)


@dataclass(frozen=True)
class OneOf:
    """Mark of a ``str`` that is one of the choices, such as the names of a registry."""

    choices: Collection[str]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Check the choice after the type."""
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Describe the choices."""
        return {"type": "string", "enum": list(self.choices)}

    def _checked(self, value: str) -> str:
        if (chosen := value.strip()) not in self.choices:
            raise ValueError(f"must be one of {', '.join(self.choices)}{instead(chosen)}")
        return chosen


Switch = Annotated[bool, BeforeValidator(_switched)]
WholeNumber = Annotated[int, BeforeValidator(_not_a_boolean)]
Rate = Annotated[
    str, AfterValidator(_checked_rate), WithJsonSchema({"type": "string", "pattern": f"^{_RATES}$"})
]
Hosts = Annotated[tuple[str, ...], BeforeValidator(_parts), AfterValidator(_checked_hosts)]
Url = Annotated[str, AfterValidator(_checked_url)]
Origins = Annotated[tuple[str, ...], BeforeValidator(_parts), AfterValidator(_checked_origins)]
Networks = Annotated[tuple[Network, ...], BeforeValidator(_networks), AfterValidator(_checked_networks)]
MailSender = Annotated[str, AfterValidator(_checked_sender)]
SecretKeys = Annotated[tuple[SecretStr, ...], BeforeValidator(_words)]
SigningSecrets = Annotated[
    tuple[SecretStr, ...], BeforeValidator(_words), AfterValidator(_checked_signing_secrets)
]
