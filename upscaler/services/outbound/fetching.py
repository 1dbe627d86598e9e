"""Fetching an image from a URL that was sent in place of a file."""

from __future__ import annotations

import ssl
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import responses
from pathlib import Path
from typing import IO
from urllib.parse import unquote_to_bytes, urljoin

import structlog
from urllib3.response import HTTPResponse
from urllib3.util import Url

from upscaler.errors import N_, FetchFailed, FileTooLarge, InvalidUrl, ServiceUnavailable, UrlNotAllowed
from upscaler.filenames.disposition import parameters_of
from upscaler.filenames.encodings import WINDOWS, decoded
from upscaler.services.files.incoming import IncomingFile
from upscaler.services.files.names import readable_bytes, safe_filename
from upscaler.services.outbound import urls
from upscaler.services.outbound.addresses import AddressPolicy
from upscaler.services.outbound.connection import (
    AddressRefusedError,
    RequestFailedError,
    Resolve,
    exchange,
    system_addresses,
)
from upscaler.storage.base import as_ours
from upscaler.version import __version__

log = structlog.get_logger()

# For everything together, from the first look-up to the last byte, redirects included.
TIMEOUT_SECONDS = 30.0
MOST_REDIRECTS = 3
_BLOCK_BYTES = 1 << 16
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HEADERS = {
    "User-Agent": f"ImageUpscalerPro/{__version__}",
    "Accept": "image/*",
    # Compressed content would be larger than the bytes counted on the way.
    "Accept-Encoding": "identity",
}


class ImageFetcher:
    """Fetches images; safe to use from several threads.

    Args:
        policy: which addresses may be reached, asked anew at every redirect.
        seats: how many images may be fetched at a time: each one holds a thread of the web server.
        resolve: returns the addresses of a name.
        tls: which certificates are trusted; None for those of the system.
        timeout_seconds: for one image.
    """

    def __init__(
        self,
        policy: AddressPolicy,
        seats: int,
        *,
        resolve: Resolve = system_addresses,
        tls: ssl.SSLContext | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self._policy = policy
        self._seats = threading.BoundedSemaphore(seats)
        self._resolve = resolve
        self._tls = tls
        self._timeout_seconds = timeout_seconds

    @contextmanager
    def fetched(self, address: str, folder: Path, max_bytes: int) -> Iterator[IncomingFile]:
        """Fetch ``address`` into a file in ``folder``, which is removed when the block ends.

        Whether it is an image is for others to say.

        Raises:
            InvalidUrl: the address cannot be used.
            UrlNotAllowed: it, or one that it leads to, is none that may be reached.
            FetchFailed: the file did not come, not in time, or not as it is.
            FileTooLarge: it has more than ``max_bytes``; the rest is not read.
            ServiceUnavailable: too many are being fetched.
            StorageFull, StorageUnavailable: there is no room for the file.
        """
        url = self._permitted(urls.parse(address))
        if not self._seats.acquire(blocking=False):
            raise ServiceUnavailable(
                N_("Too many images are being fetched right now. Try again in a moment.")
            )
        folder.mkdir(parents=True, exist_ok=True)
        # Removed by hand: the storage may have moved it away by then.
        file = tempfile.NamedTemporaryFile(dir=folder, prefix="fetched-", delete=False)  # noqa: SIM115
        try:
            try:
                with file:
                    name = self._fetch(url, file, max_bytes)
            finally:
                self._seats.release()
            yield IncomingFile(Path(file.name), name, guessed_name=True)
        finally:
            Path(file.name).unlink(missing_ok=True)

    def _fetch(self, url: Url, file: IO[bytes], max_bytes: int) -> str:
        """Receive the file, over redirects, and return its name."""
        deadline = time.monotonic() + self._timeout_seconds
        for _ in range(MOST_REDIRECTS + 1):
            found = self._ask(url, file, max_bytes, deadline)
            if isinstance(found, str):
                return found
            url = found
        raise FetchFailed(N_("That URL redirects too many times. Use the image's own URL."))

    def _ask(self, url: Url, file: IO[bytes], max_bytes: int, deadline: float) -> Url | str:
        """Receive the file and return its name, or return the target of a redirect."""
        try:
            with exchange(
                "GET",
                url,
                self._policy,
                headers=_HEADERS,
                resolve=self._resolve,
                timeout_seconds=max(0.0, deadline - time.monotonic()),
                tls=self._tls,
            ) as response:
                target = response.headers.get("Location")
                if response.status in _REDIRECTS and target:
                    return self._redirected(url, target)
                _receive(response, file, max_bytes)
                if time.monotonic() >= deadline:
                    # A body that was cut off may look like a complete one.
                    raise TimeoutError
                return _name(url, response)
        except AddressRefusedError:
            raise UrlNotAllowed from None
        except RequestFailedError as error:
            # Without the URL: it may hold a secret of the sender.
            log.info("fetch.failed", reason=str(error))
            if time.monotonic() >= deadline:
                raise FetchFailed(
                    N_("The image didn't arrive within %(seconds)s seconds. Upload the file instead."),
                    seconds=f"{self._timeout_seconds:g}",
                ) from error
            raise FetchFailed from error

    def _redirected(self, url: Url, target: str) -> Url:
        try:
            return self._permitted(urls.parse(urljoin(url.url, target)))
        except InvalidUrl:
            raise FetchFailed(N_("That URL redirects to an invalid one. Upload the file instead.")) from None

    def _permitted(self, url: Url) -> Url:
        if not urls.permitted(url, self._policy):
            raise UrlNotAllowed
        # The part after "#" is for browsers alone.
        return url._replace(fragment=None)


def _receive(response: HTTPResponse, file: IO[bytes], max_bytes: int) -> None:
    if response.status != 200:
        raise FetchFailed(
            N_(
                'The server responded "%(status)s" instead of an image. Check the URL, or upload the file '
                "instead."
            ),
            status=f"{response.status} {responses.get(response.status, '')}".strip(),
        )
    if response.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise FetchFailed(N_("The server compresses images in an unsupported way. Upload the file instead."))
    length = response.headers.get("Content-Length", "")
    if length.isdecimal() and int(length) > max_bytes:
        raise FileTooLarge(limit=readable_bytes(max_bytes))
    size = 0
    while block := response.read(_BLOCK_BYTES, decode_content=False):
        size += len(block)
        if size > max_bytes:
            raise FileTooLarge(limit=readable_bytes(max_bytes))
        _write(file, block)


def _write(file: IO[bytes], block: bytes) -> None:
    try:
        file.write(block)
        file.flush()
    except OSError as error:
        # The disk's, not the connection's.
        raise as_ours(error) from error


def _name(url: Url, response: HTTPResponse) -> str:
    """Return the name that the server gives the file, else the last part of its address; "image" if there is none."""
    # The header arrives as if it were latin-1, whatever its bytes mean.
    header = response.headers.get("Content-Disposition", "").encode("latin-1", "replace")
    last = unquote_to_bytes((url.path or "").rpartition("/")[2])
    return safe_filename(parameters_of(header).get("filename") or decoded([last], WINDOWS)[0])
