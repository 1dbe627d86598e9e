"""The fields of a form, sent as ``multipart/form-data`` or as JSON, and how large it may be."""

from __future__ import annotations

from collections.abc import Iterable
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
    combined,
)
from upscaler.views.api.upload_request import UploadRequest

# What a form may take besides the files: boundaries, headers and the other fields.
FORM_BYTES = 64 * 1024
# The same for each file of a batch, and how many other fields there may be.
PART_BYTES = 1024
MAX_FIELDS = 100


def parse_form(too_large: FileTooLarge) -> tuple[MultiDict[str, FileStorage], dict[str, str]]:
    """Return the files and the other fields of the form; raise ``too_large`` where it is longer than it may be.

    Raises:
        FormTooLarge: it is not the files that are too long.
        InvalidRequest: this is no form.
    """
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


def texts_of(body: dict[str, Any]) -> dict[str, str]:
    """Return the values of a body of JSON as a form would hold them; what is null was not sent."""
    unusable = [name for name, value in body.items() if not isinstance(value, (str, int, type(None)))]
    if unusable:
        raise combined([UnusableParameter(name=name[:64]) for name in sorted(unusable)])
    sent = {name: value for name, value in body.items() if value is not None}
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in sent.items()
    }


def refuse_unknown(sent: Iterable[str], known: Iterable[str]) -> None:
    """Raise ``UnknownParameter`` for each field that is not known."""
    unknown = sorted(set(sent) - set(known))
    if unknown:
        raise combined([UnknownParameter(name=name[:64]) for name in unknown])
