"""Receiving files: straight to temporary files on disk, counted on the way, removed when the request ends."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from flask import request

from upscaler.errors import N_, BatchTooLarge, FileTooLarge, MissingFile, TwoImages
from upscaler.services.batches.unpacking import UnpackLimits, is_archive, unpack
from upscaler.services.files.incoming import IncomingFile
from upscaler.services.files.names import readable_bytes
from upscaler.views.api.forms import (
    FORM_BYTES,
    MAX_FIELDS,
    PART_BYTES,
    parse_form,
    refuse_unknown,
    texts_of,
)
from upscaler.views.api.json_bodies import json_body
from upscaler.views.api.upload_request import UploadRequest, discard
from upscaler.views.context import services

FILE_FIELDS = frozenset({"file", "files"})
_ONE_AT_A_TIME = N_("Send one image at a time, or several as a batch. The API documentation explains how.")


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
            files, form = {}, texts_of(json_body())
        else:
            received, form = parse_form(FileTooLarge(limit=readable_bytes(max_file_bytes)))
            files = received.to_dict()
            if len(received.getlist("file")) > 1:
                raise TwoImages(_ONE_AT_A_TIME)
        refuse_unknown([*form, *files], fields | {"file"})
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
        discard(cast(UploadRequest, request).received_files)


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
        files, form = parse_form(FileTooLarge(limit=readable_bytes(max_bytes)))
        refuse_unknown([*form, *files], fields | {"file"})
        received = files.getlist("file")
        if not received or not all(file.filename for file in received):
            raise MissingFile
        for file in received:
            file.stream.close()
        yield [IncomingFile(Path(str(file.stream.name)), str(file.filename)) for file in received], form
    finally:
        discard(cast(UploadRequest, request).received_files)


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
    own.max_form_parts = limits.files + MAX_FIELDS
    own.most_files = limits.files
    too_large = BatchTooLarge(limit=readable_bytes(limits.total_bytes))
    try:
        files, form = parse_form(too_large)
        refuse_unknown([*form, *files], fields | FILE_FIELDS)
        # A field of a page where nothing was chosen sends a file without a name.
        sent = [file for name in sorted(FILE_FIELDS) for file in files.getlist(name) if file.filename]
        if not sent:
            raise MissingFile
        for file in sent:
            file.stream.close()
        yield [IncomingFile(Path(file.stream.name), file.filename or "") for file in sent], form
    finally:
        discard(own.received_files)


@contextmanager
def unpacked(files: list[IncomingFile], limits: UnpackLimits) -> Iterator[list[IncomingFile]]:
    """Return the files as they are, or what is in them if they are one ZIP file; see ``services.unpacking``."""
    if len(files) != 1 or not is_archive(files[0].path):
        yield files
        return
    with tempfile.TemporaryDirectory(dir=services().workspace.folder, prefix="incoming-") as folder:
        yield unpack(files[0].path, Path(folder), limits)
