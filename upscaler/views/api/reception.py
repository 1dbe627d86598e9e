"""Receiving a file: straight to a temporary file on disk, counted on the way, gone when the request ends."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import IO, cast

from flask import Request, Response, request
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

from upscaler.errors import FileTooLarge, InvalidRequest, MissingFile, UnknownParameter
from upscaler.services.submissions import IncomingFile, readable_bytes
from upscaler.views.context import config

# What a form may take besides the file: boundaries, headers and the other fields.
FORM_BYTES = 64 * 1024
# A client that is still sending when it is refused gets a moment to read why, before the connection closes.
LINGER_BYTES = 8 << 20
LINGER_SECONDS = 2.0


class UploadRequest(Request):
    """A request whose files go to the data folder as they arrive, never into memory."""

    @cached_property
    def received_files(self) -> list[IO[bytes]]:
        """The files so far, also those of a form that broke off and was never parsed to its end."""
        return []

    def _get_file_stream(self, *_: object, **__: object) -> IO[bytes]:
        folder = config().scratch_dir
        folder.mkdir(parents=True, exist_ok=True)
        # Removed by hand: the storage may have moved it away by then.
        file = tempfile.NamedTemporaryFile(dir=folder, prefix="incoming-", delete=False)  # noqa: SIM115
        self.received_files.append(file)
        return file


@contextmanager
def received_form(
    fields: frozenset[str], max_file_bytes: int
) -> Iterator[tuple[IncomingFile, dict[str, str]]]:
    """Receive the form of this request: the file in ``file``, and the other fields by name.

    Raises:
        FileTooLarge: the body is longer than the file may be; the rest of it is not read.
        MissingFile, UnknownParameter, InvalidRequest: the form is not as documented.
    """
    request.max_content_length = max_file_bytes + FORM_BYTES
    try:
        if request.content_length is not None and request.content_length > request.max_content_length:
            raise FileTooLarge(limit=readable_bytes(max_file_bytes))
        files, form = _parse(max_file_bytes)
        unknown = (set(form) | set(files)) - fields - {"file"}
        if unknown:
            raise UnknownParameter(name=min(unknown))
        file = files.get("file")
        if file is None or not file.filename:
            raise MissingFile
        file.stream.flush()
        yield IncomingFile(path=Path(file.stream.name), filename=file.filename), form
    finally:
        _discard(cast(UploadRequest, request).received_files)


def linger(response: Response) -> Response:
    """Let a client that is still sending read the refusal; see ``LINGER_BYTES``."""
    if request.method == "POST" and response.status_code >= 400:
        stream = request.environ["wsgi.input"]
        response.call_on_close(lambda: _drain(stream))
    return response


def _parse(max_file_bytes: int) -> tuple[dict[str, FileStorage], dict[str, str]]:
    try:
        return request.files.to_dict(), request.form.to_dict()
    except RequestEntityTooLarge:
        raise FileTooLarge(limit=readable_bytes(max_file_bytes)) from None
    except (BadRequest, ValueError):
        raise InvalidRequest from None


def _discard(files: list[IO[bytes]]) -> None:
    for file in files:
        file.close()
        Path(file.name).unlink(missing_ok=True)


def _drain(stream: IO[bytes]) -> None:
    deadline = time.monotonic() + LINGER_SECONDS
    left = LINGER_BYTES
    try:
        while left > 0 and time.monotonic() < deadline:
            block = stream.read(min(left, 1 << 16))
            if not block:
                return
            left -= len(block)
    except OSError:
        # The client is gone, and with it whoever the answer was for.
        return
