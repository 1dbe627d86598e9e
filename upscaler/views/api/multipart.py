"""Receiving files: straight to temporary files on disk, counted on the way, removed when the request ends."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from flask import request
from werkzeug.datastructures import FileStorage, MultiDict

from upscaler.errors import N_, BatchTooLarge, FileTooLarge, MissingFile, TwoImages, UpscalerError
from upscaler.filenames.junk import is_junk
from upscaler.services.batches.unpacking import UnpackLimits, is_archive, unpack
from upscaler.services.files.incoming import IncomingFile
from upscaler.services.files.names import readable_bytes
from upscaler.views.api.form_parser import FILE_FIELDS
from upscaler.views.api.forms import (
    FORM_BYTES,
    MAX_FIELDS,
    PART_BYTES,
    ReceivedForm,
    parse_form,
    texts_of,
    unknown_fields,
)
from upscaler.views.api.json_bodies import json_body
from upscaler.views.api.upload_request import UploadRequest, discard
from upscaler.views.context import services

_ONE_AT_A_TIME = N_("Send one image at a time, or several as a batch. The API documentation explains how.")


@contextmanager
def received_form(fields: frozenset[str], max_file_bytes: int) -> Iterator[ReceivedForm]:
    """Receive the form of this request: the file in ``file``, none where there is a ``url``, and the fields by name.

    What has no file may come as JSON as well. The caller checks the form together with its fields: it refuses unknown
    ones (``UnknownParameter``, ``UnusableParameter``), no image (``MissingFile``), and two (``TwoImages``).

    Raises:
        FileTooLarge: the body is longer than the file may be; the rest of it is not read.
        InvalidRequest: this is no form.
    """
    request.max_content_length = FORM_BYTES if request.is_json else max_file_bytes + FORM_BYTES
    files: MultiDict[str, FileStorage] = MultiDict()
    refusals: list[UpscalerError] = []
    try:
        if request.is_json:
            body = json_body()
            form, unusable = texts_of(body)
            refusals += unusable
            has_url = bool(form.get("url", "").strip()) or any(wrong.parameter == "url" for wrong in unusable)
            sent = {name for name, value in body.items() if value is not None}
        else:
            files, form = parse_form(FileTooLarge(limit=readable_bytes(max_file_bytes)))
            has_url = bool(form.get("url", "").strip())
            sent = {*form, *files}
        refusals += unknown_fields(sent, fields | {"file"})
        received = files.getlist("file")
        images = _sent(received)
        if len(received) > 1:
            refusals.append(TwoImages(_ONE_AT_A_TIME))
        elif bool(images) == has_url:
            refusals.append(TwoImages() if images else MissingFile())
        yield ReceivedForm(images, form, tuple(refusals))
    finally:
        discard(cast(UploadRequest, request).received_files)


@contextmanager
def received_files(fields: frozenset[str], max_bytes: int) -> Iterator[ReceivedForm]:
    """Receive the form of this request: one file or several in ``file``, and the other fields by name.

    The caller checks the form together with its fields: it refuses unknown ones (``UnknownParameter``) and no file
    (``MissingFile``).

    Raises:
        FileTooLarge: the body is longer than all files together may be; the rest of it is not read.
        InvalidRequest: this is no form.
    """
    request.max_content_length = max_bytes + FORM_BYTES
    try:
        files, form = parse_form(FileTooLarge(limit=readable_bytes(max_bytes)))
        refusals: list[UpscalerError] = [*unknown_fields([*form, *files], fields | {"file"})]
        received = _sent(files.getlist("file"))
        if not received:
            refusals.append(MissingFile())
        yield ReceivedForm(received, form, tuple(refusals))
    finally:
        discard(cast(UploadRequest, request).received_files)


def bytes_of_batch(limits: UnpackLimits) -> int:
    """Return the longest body in bytes of a request with a batch."""
    return limits.total_bytes + FORM_BYTES + limits.files * PART_BYTES


@contextmanager
def received_batch(fields: frozenset[str], limits: UnpackLimits) -> Iterator[ReceivedForm]:
    """Receive the form of this request: all the files in ``file`` and ``files``, and the other fields by name.

    The caller checks the form together with its fields, as with ``received_files``.

    Raises:
        BatchTooLarge: the body is longer than the files may be together; the rest of it is not read.
        TooManyFiles, InvalidRequest: there are more files than are allowed, or this is no form.
    """
    own = cast(UploadRequest, request)
    own.max_content_length = bytes_of_batch(limits)
    own.max_form_parts = limits.files + MAX_FIELDS
    own.most_files = limits.files
    too_large = BatchTooLarge(limit=readable_bytes(limits.total_bytes))
    try:
        files, form = parse_form(too_large)
        refusals: list[UpscalerError] = [*unknown_fields([*form, *files], fields | FILE_FIELDS)]
        sent = _sent(file for name in sorted(FILE_FIELDS) for file in files.getlist(name))
        # A folder that was chosen as a whole comes with what its system keeps in it.
        images = tuple(file for file in sent if not is_junk(file.filename))
        if not images:
            refusals.append(MissingFile())
        yield ReceivedForm(images, form, tuple(refusals))
    finally:
        discard(own.received_files)


def _sent(files: Iterable[FileStorage]) -> tuple[IncomingFile, ...]:
    """Return the files that were sent: a field of a page where nothing was chosen has one without name and content."""
    sent = []
    for file in files:
        file.stream.close()
        path = Path(str(file.stream.name))
        if file.filename or path.stat().st_size:
            sent.append(IncomingFile(path, file.filename or ""))
    return tuple(sent)


@contextmanager
def unpacked(files: Sequence[IncomingFile], limits: UnpackLimits) -> Iterator[Sequence[IncomingFile]]:
    """Return the files as they are, or what is in them if they are one ZIP file; see ``services.unpacking``."""
    if len(files) != 1 or not is_archive(files[0].path):
        yield files
        return
    with tempfile.TemporaryDirectory(dir=services().workspace.folder, prefix="incoming-") as folder:
        yield unpack(files[0].path, Path(folder), limits)
