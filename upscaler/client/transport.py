"""Requests that are repeated where there was no response, and refusals that become errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

import httpx

from upscaler.client.errors import ApiError, ServerUnreachable
from upscaler.version import __version__

Answer = TypeVar("Answer")

_NONE: Mapping[str, str] = MappingProxyType({})

# Answers of a proxy, or of a service that is being restarted or has no room for the moment.
_PASSING_STATUS = frozenset({502, 503, 504})
# The first copy of a repeated request is still at work.
_PASSING_CODE = "request_in_progress"
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 30.0


class Transport:
    """Sends requests to one service, each up to ``attempts`` times: all that the client sends may be repeated.

    Between two attempts lie 0.5 s, 1 s, 2 s ..., or what ``Retry-After`` says, at most 30 s.
    """

    def __init__(
        self,
        server: str,
        token: str | None,
        timeout_seconds: float,
        attempts: int,
        language: str,
        sleep: Callable[[float], None],
    ) -> None:
        self._base = f"{server.rstrip('/')}/api/v1"
        self._authorization = {"Authorization": f"Bearer {token}"} if token else {}
        self._attempts = attempts
        self._sleep = sleep
        self._http = httpx.Client(
            headers={
                "User-Agent": f"imageupscalerpro-client/{__version__}",
                "Accept-Language": language,
            },
            timeout=timeout_seconds,
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def call(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Return the response to a request below ``/api/v1``; raises what ``repeated`` does."""
        return self.repeated(lambda: self.send(method, path, **request))

    def send(
        self, method: str, path: str, *, headers: Mapping[str, str] = _NONE, **request: Any
    ) -> httpx.Response:
        """Return the response to one attempt; raise ``ApiError`` for a refusal, and what httpx raises."""
        together = {**self._authorization, **headers}
        return checked(self._http.request(method, self._base + path, headers=together, **request))

    def fetch(self, address: str, receive: Callable[[httpx.Response], None]) -> None:
        """Pass the response to a GET of an absolute URL to ``receive``, with its body still to be read.

        A signed link needs no credentials and may lead to another host, so none are sent.
        """

        def attempt() -> None:
            with self._http.stream("GET", address, follow_redirects=True) as response:
                if not response.is_success:
                    response.read()
                receive(checked(response))

        self.repeated(attempt)

    def repeated(self, attempt: Callable[[], Answer]) -> Answer:
        """Return what ``attempt`` returns, called again after failures that pass.

        Raises:
            ApiError: the service refused, or had no room in the last attempt either.
            ServerUnreachable: there was no response to the last attempt.

        """
        for number in range(self._attempts):
            last = number == self._attempts - 1
            pause = _FIRST_PAUSE_SECONDS * 2**number
            try:
                return attempt()
            except ApiError as error:
                if last or not (error.status in _PASSING_STATUS or error.code == _PASSING_CODE):
                    raise
                pause = pause if error.retry_after is None else error.retry_after
            except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
                raise ServerUnreachable(f"This is no address of a service: {error}") from error
            except httpx.TransportError as error:
                if last:
                    reason = str(error) or type(error).__name__
                    raise ServerUnreachable(f"No response from {self._base}: {reason}") from error
            self._sleep(min(pause, _LONGEST_PAUSE_SECONDS))
        raise AssertionError("there is at least one attempt")


def checked(response: httpx.Response) -> httpx.Response:
    """Return a response of success, or 304 for no change; raise ``ApiError`` for any other."""
    if response.is_success or response.status_code == httpx.codes.NOT_MODIFIED:
        return response
    try:
        problem = response.json()
    except ValueError:
        problem = None
    if not isinstance(problem, dict):
        problem = {}
    detail = problem.get("detail") or f"The server answered {response.status_code} {response.reason_phrase}."
    if response.is_redirect:
        detail = f"The service is at another address: {response.headers.get('Location', '')}"
    raise ApiError(
        response.status_code,
        problem.get("code") or "http_error",
        detail,
        _seconds(response.headers.get("Retry-After", "")),
        response.headers.get("X-Request-ID", ""),
        problem.get("errors") or (),
    )


def _seconds(text: str) -> float | None:
    return float(text) if text.isascii() and text.isdigit() else None
