"""One HTTP request to an address that was checked, within a fixed time. No proxies, no redirects, no second look-up.

The name is resolved once and the connection is opened to one of the addresses found, so that a name server that
changes its answer between check and use gains nothing. The name itself still goes into ``Host`` and into TLS.
"""

from __future__ import annotations

import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from functools import partial
from http.client import HTTPException

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import HTTPResponse
from urllib3.util import Url

from upscaler.services.outbound.addresses import Address, AddressPolicy
from upscaler.services.outbound.urls import port_of

Resolve = Callable[[str, int], Sequence[str]]

# For one address of a name: where it does not answer, the next one is used.
CONNECT_SECONDS = 10.0


class AddressRefusedError(Exception):
    """The target resolves to no address that may be reached."""


class RequestFailedError(Exception):
    """No complete response was received; the text gives the reason."""


@contextmanager
def exchange(
    method: str,
    url: Url,
    policy: AddressPolicy,
    *,
    headers: Mapping[str, str],
    body: bytes | None = None,
    resolve: Resolve,
    timeout_seconds: float,
    tls: ssl.SSLContext | None = None,
) -> Iterator[HTTPResponse]:
    """Send a request to ``url`` and yield the response of any status, its body unread.

    ``url`` comes from ``urls.parse``. ``resolve`` returns the addresses of a name and is called once.
    ``timeout_seconds`` counts for everything together, from the look-up to the end of the block. ``tls`` says which
    certificates are trusted, None for those of the system.

    Raises:
        AddressRefusedError: no address of the name may be reached; nothing was sent.
        RequestFailedError: there was no answer in time, or the block ended with an error of the connection.
    """
    deadline = time.monotonic() + timeout_seconds
    host = str(url.host).strip("[]")
    port = port_of(url)
    addresses = policy.choose(_in_time(partial(resolve, host, port), deadline), port)
    if not addresses:
        raise AddressRefusedError
    opener = _Opener(addresses, port, deadline)
    connection: HTTPConnection = (
        _CheckedHTTPSConnection(host, port, opener, ssl_context=tls)
        if url.scheme == "https"
        else _CheckedHTTPConnection(host, port, opener)
    )
    try:
        with _Deadline(opener, deadline):
            connection.request(method, url.request_uri, body, headers, preload_content=False)
            with closing(connection.getresponse()) as response:
                if time.monotonic() >= deadline:
                    # Headers that were cut off look like complete ones.
                    raise TimeoutError
                yield response
    except (OSError, HTTPError, HTTPException, ValueError) as error:
        if time.monotonic() >= deadline:
            raise RequestFailedError(f"no complete answer within {timeout_seconds:g} s") from error
        raise RequestFailedError(_words(error)) from error
    finally:
        connection.close()
        opener.close()


def system_addresses(host: str, port: int) -> list[str]:
    """Return the addresses of a name from the resolver of this machine."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class _Opener:
    """Opens the socket to the first of the checked addresses that answers."""

    def __init__(self, addresses: Sequence[Address], port: int, deadline: float) -> None:
        self._addresses = addresses
        self._port = port
        self._deadline = deadline
        self._handle: socket.socket | None = None

    def __call__(self) -> socket.socket:
        failure: OSError = TimeoutError("timed out")
        for address in self._addresses:
            left = self._deadline - time.monotonic()
            if left <= 0:
                break
            opened = socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6)
            opened.settimeout(min(left, CONNECT_SECONDS))
            try:
                # The address is a number here: nothing is looked up any more.
                opened.connect((str(address), self._port))
                opened.settimeout(left)
            except OSError as error:
                opened.close()
                failure = error
            else:
                # TLS takes the socket over; this second handle still reaches the connection.
                self._handle = opened.dup()
                return opened
        raise failure

    def cut(self) -> None:
        """End the connection, also while a thread waits on it."""
        if self._handle is not None:
            with suppress(OSError):
                self._handle.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the second handle."""
        if self._handle is not None:
            self._handle.close()


class _CheckedHTTPConnection(HTTPConnection):
    def __init__(self, host: str, port: int, opener: _Opener) -> None:
        super().__init__(host, port)
        self._opener = opener

    def _new_conn(self) -> socket.socket:
        return self._opener()


class _CheckedHTTPSConnection(HTTPSConnection):
    def __init__(self, host: str, port: int, opener: _Opener, ssl_context: ssl.SSLContext | None) -> None:
        super().__init__(host, port, ssl_context=ssl_context or ssl.create_default_context())
        self._opener = opener

    def _new_conn(self) -> socket.socket:
        return self._opener()


class _Deadline:
    """Cuts the connection when the time is over.

    Time-outs of a socket begin anew with every byte: a server that sends one now and then would never run into them.
    """

    def __init__(self, opener: _Opener, deadline: float) -> None:
        self._timer = threading.Timer(max(0.0, deadline - time.monotonic()), opener.cut)
        self._timer.daemon = True

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self._timer.join()


def _in_time(look_up: Callable[[], Sequence[str]], deadline: float) -> Sequence[str]:
    """Return the result of ``look_up``. The system's resolver has no time limit, so it runs in a thread."""
    found: queue.SimpleQueue[Sequence[str] | OSError | UnicodeError] = queue.SimpleQueue()

    def run() -> None:
        try:
            found.put(look_up())
        except (OSError, UnicodeError) as error:
            found.put(error)

    threading.Thread(target=run, name="look-up", daemon=True).start()
    try:
        result = found.get(timeout=max(0.0, deadline - time.monotonic()))
    except queue.Empty:
        raise RequestFailedError("the name was not found in time") from None
    if isinstance(result, Exception):
        raise RequestFailedError(f"the name was not found ({_words(result)})") from result
    return result


def _words(error: BaseException) -> str:
    # The outermost texts of urllib3 repeat the object they come from; the cause says what happened.
    while isinstance(error, HTTPError) and isinstance(error.__cause__, OSError):
        error = error.__cause__
    return (str(error) or type(error).__name__)[:500]
