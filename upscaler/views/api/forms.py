"""The fields of a form, sent as ``multipart/form-data`` or as JSON, and how large it may be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from flask import request
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

from upscaler.errors import (
    FileTooLarge,
    FormTooLarge,
    InvalidRequest,
    UnknownParameter,
    UnusableParameter,
    UpscalerError,
    combined,
)
from upscaler.server.requests import TOO_LARGE
from upscaler.services.files.incoming import IncomingFile
from upscaler.views.api.upload_request import UploadRequest
from upscaler.views.body_limits import was_refused

# What a form may take besides the files: boundaries, headers and the other fields.
FORM_BYTES = 64 * 1024
# The same for each file of a batch, and how many other fields there may be.
PART_BYTES = 1024
MAX_FIELDS = 100


@dataclass(frozen=True)
class ReceivedForm:
    """The form of a request.

    Attributes:
        files: the files, as they were received.
        fields: the texts of the other fields, by name.
        refusals: what is wrong with the names of the fields, and with the choice of files.
    """

    files: tuple[IncomingFile, ...]
    fields: dict[str, str]
    refusals: tuple[UpscalerError, ...]

    def check(self) -> None:
        """Raise what is wrong, for ``errors.gathered`` together with the values of fields."""
        if self.refusals:
            raise combined(self.refusals)


def parse_form(too_large: FileTooLarge) -> tuple[MultiDict[str, FileStorage], dict[str, str]]:
    """Return the files and the other fields of the form; raise ``too_large`` where it is longer than it may be.

    Raises:
        FormTooLarge: it is not the files that are too long.
        InvalidRequest: this is no form.
    """
    if was_refused() == TOO_LARGE or (request.content_length or 0) > (request.max_content_length or 0):
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


def texts_of(body: dict[str, Any]) -> tuple[dict[str, str], list[UnusableParameter]]:
    """Return the values of a body of JSON as a form would hold them, and the errors of those that no form can hold.

    What is null was not sent.
    """
    texts, unusable = {}, []
    for name, value in sorted(body.items()):
        if isinstance(value, bool):
            texts[name] = str(value).lower()
        elif isinstance(value, (str, int)):
            texts[name] = str(value)
        elif value is not None:
            unusable.append(UnusableParameter(name=name[:64]))
    return texts, unusable


def unknown_fields(sent: Iterable[str], known: Iterable[str]) -> list[UnknownParameter]:
    """Return an error for each field that is not known."""
    return [UnknownParameter(name=name[:64]) for name in sorted(set(sent) - set(known))]
