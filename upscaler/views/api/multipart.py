"""Receiving a file: straight to a temporary file on disk, counted on the way, gone when the request ends."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import IO, Any, cast

from flask import Request, Response, request
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

from upscaler.errors import (
    N_,
    BatchTooLarge,
    FileTooLarge,
    FormTooLarge,
    InvalidRequest,
    MissingFile,
    TooManyFiles,
    TwoImages,
    UnknownParameter,
    UnusableParameter,
)
from upscaler.services.batches.unpacking import UnpackLimits, is_archive, unpack
from upscaler.services.files.incoming import IncomingFile
from upscaler.services.files.names import readable_bytes
from upscaler.views.api.routing import json_body
from upscaler.views.context import services

# What a form may take besides the file: boundaries, headers and the other fields.
FORM_BYTES = 64 * 1024
# The same for each file of a batch, and how many other fields there may be.
PART_BYTES = 1024
MOST_FIELDS = 100
FILE_FIELDS = frozenset({"file", "files"})
# A client that is still sending when it is refused gets a moment to read why, before the connection closes.
LINGER_BYTES = 8 << 20
LINGER_SECONDS = 2.0
_ONE_AT_A_TIME = N_(
    "Please send one image at a time, or several as a batch; the documentation of the API says how."
)


class UploadRequest(Request):
    """A request whose files go to the data folder as they arrive, never into memory."""

    @cached_property
    def received_files(self) -> list[IO[bytes]]:
        """The files so far, also those of a form that broke off and was never parsed to its end."""
        return []

    # Set by views that take several.
    most_files: int | None = None

    def _get_file_stream(self, *_: object, **__: object) -> IO[bytes]:
        if self.most_files is not None and len(self.received_files) >= self.most_files:
            raise TooManyFiles(limit=self.most_files)
        # The one before has arrived in full. Only its name is needed from now on, and open files are few.
        for file in self.received_files[-1:]:
            file.close()
        # Removed by hand: the storage may have moved it away by then.
        folder = services().workspace.folder
        file = tempfile.NamedTemporaryFile(dir=folder, prefix="incoming-", delete=False)  # noqa: SIM115
        self.received_files.append(file)
        return file


@contextmanager
def received_form(
    fields: frozenset[str], max_file_bytes: int
) -> Iterator[tuple[IncomingFile | None, dict[str, str]]]:
    """Receive the form of this request: the file in ``file``, None where there is a ``url``, and the fields by name.

    What has no file may come as JSON as well.

    Raises:
        FileTooLarge: the body is longer than the file may be; the rest of it is not read.
        MissingFile, TwoImages: there is no image, or a file and an address.
        UnknownParameter, UnusableParameter, InvalidRequest: the form is not as documented.
    """
    request.max_content_length = FORM_BYTES if request.is_json else max_file_bytes + FORM_BYTES
    try:
        if request.is_json:
            files, form = {}, _texts(json_body())
        else:
            received, form = _parse(FileTooLarge(limit=readable_bytes(max_file_bytes)))
            files = received.to_dict()
            if len(received.getlist("file")) > 1:
                raise TwoImages(_ONE_AT_A_TIME)
        unknown = (set(form) | set(files)) - fields - {"file"}
        if unknown:
            raise UnknownParameter(name=min(unknown))
        file = files.get("file")
        has_file = file is not None and bool(file.filename)
        if has_file == bool(form.get("url", "").strip()):
            raise TwoImages if has_file else MissingFile
        if file is None or not has_file:
            yield None, form
        else:
            file.stream.close()
            yield IncomingFile(Path(str(file.stream.name)), str(file.filename)), form
    finally:
        _discard(cast(UploadRequest, request).received_files)


@contextmanager
def received_files(
    fields: frozenset[str], max_bytes: int
) -> Iterator[tuple[list[IncomingFile], dict[str, str]]]:
    """Receive the form of this request: one file or several in ``file``, and the other fields by name.

    Raises:
        FileTooLarge: the body is longer than all files together may be; the rest of it is not read.
        MissingFile, UnknownParameter, InvalidRequest: the form is not as documented.
    """
    request.max_content_length = max_bytes + FORM_BYTES
    try:
        files, form = _parse(FileTooLarge(limit=readable_bytes(max_bytes)))
        unknown = (set(form) | set(files)) - fields - {"file"}
        if unknown:
            raise UnknownParameter(name=min(unknown))
        received = files.getlist("file")
        if not received or not all(file.filename for file in received):
            raise MissingFile
        for file in received:
            file.stream.close()
        yield [IncomingFile(Path(str(file.stream.name)), str(file.filename)) for file in received], form
    finally:
        _discard(cast(UploadRequest, request).received_files)


@contextmanager
def received_batch(
    fields: frozenset[str], limits: UnpackLimits
) -> Iterator[tuple[list[IncomingFile], dict[str, str]]]:
    """Receive the form of this request: all the files in ``file`` and ``files``, and the other fields by name.

    Raises:
        BatchTooLarge: the body is longer than the files may be together; the rest of it is not read.
        TooManyFiles, MissingFile, UnknownParameter, InvalidRequest: the form is not as documented.
    """
    own = cast(UploadRequest, request)
    own.max_content_length = limits.total_bytes + FORM_BYTES + limits.files * PART_BYTES
    own.max_form_parts = limits.files + MOST_FIELDS
    own.most_files = limits.files
    too_large = BatchTooLarge(limit=readable_bytes(limits.total_bytes))
    try:
        files, form = _parse(too_large)
        unknown = (set(form) | set(files)) - fields - FILE_FIELDS
        if unknown:
            raise UnknownParameter(name=min(unknown))
        # A field of a page where nothing was chosen sends a file without a name.
        sent = [file for name in sorted(FILE_FIELDS) for file in files.getlist(name) if file.filename]
        if not sent:
            raise MissingFile
        for file in sent:
            file.stream.close()
        yield [IncomingFile(Path(file.stream.name), file.filename or "") for file in sent], form
    finally:
        _discard(own.received_files)


@contextmanager
def unpacked(files: list[IncomingFile], limits: UnpackLimits) -> Iterator[list[IncomingFile]]:
    """Return the files as they are, or what is in them if they are one ZIP file; see ``services.unpacking``."""
    if len(files) != 1 or not is_archive(files[0].path):
        yield files
        return
    with tempfile.TemporaryDirectory(dir=services().workspace.folder, prefix="incoming-") as folder:
        yield unpack(files[0].path, Path(folder), limits)


def linger(response: Response) -> Response:
    """Let a client that is still sending read the refusal; see ``LINGER_BYTES``."""
    if request.method == "POST" and response.status_code >= 400:
        stream = request.environ["wsgi.input"]
        response.call_on_close(lambda: _drain(stream))
    return response


def _texts(body: dict[str, Any]) -> dict[str, str]:
    """Return the values of a body of JSON as a form would hold them; what is null was not sent."""
    found = {}
    for name, value in body.items():
        if isinstance(value, (str, int)):
            found[name] = str(value).lower() if isinstance(value, bool) else str(value)
        elif value is not None:
            raise UnusableParameter(name=name[:64])
    return found


def _parse(too_large: FileTooLarge) -> tuple[MultiDict[str, FileStorage], dict[str, str]]:
    if request.content_length is not None and request.content_length > (request.max_content_length or 0):
        raise too_large
    try:
        return request.files, request.form.to_dict()
    except RequestEntityTooLarge:
        # Too many fields, or too much in them, is refused like this as well, whatever the files take.
        files = cast(UploadRequest, request).received_files
        taken = sum(Path(file.name).stat().st_size for file in files)
        if taken + FORM_BYTES < (request.max_content_length or 0):
            raise FormTooLarge from None
        raise too_large from None
    except (BadRequest, ValueError):
        raise InvalidRequest from None


def _discard(files: list[IO[bytes]]) -> None:
    for file in files:
        Path(file.name).unlink(missing_ok=True)
        # What a full disk had no room for is not wanted any more.
        with suppress(OSError):
            file.close()


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
