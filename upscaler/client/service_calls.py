"""The calls about the service and the caller's account."""

from __future__ import annotations

from typing import Any

from upscaler.client.connection import Connection, json_of
from upscaler.client.forms import form_of


class ServiceCalls(Connection):
    """Reports what the service offers, and what the caller uses of it."""

    def quote(self, width: int, height: int, **choices: Any) -> dict[str, Any]:
        """Return size, bytes, seconds and the place in the queue for an image of that many pixels.

        The bytes are None unless ``size_bytes`` and ``mime_type`` of the image's file are among the choices.
        """
        params = {"width": str(width), "height": str(height), **form_of(choices)}
        return json_of(self._transport.call("GET", "/quote", params=params))

    def models(self) -> list[dict[str, Any]]:
        """Return the models of the service."""
        return list(json_of(self._transport.call("GET", "/models"))["items"])

    def presets(self) -> list[dict[str, Any]]:
        """Return the presets of the service, and which models serve each choice."""
        return list(json_of(self._transport.call("GET", "/presets"))["items"])

    def me(self) -> dict[str, Any]:
        """Return the caller's account, with its usage and quota."""
        return json_of(self._transport.call("GET", "/me"))

    def health(self) -> dict[str, Any]:
        """Return the health of the service."""
        return json_of(self._transport.call("GET", "/health"))
