"""A parser of forms that understands file names in every dialect, and files without a name."""

from __future__ import annotations

from typing import IO, Any
from urllib.parse import quote

from werkzeug.datastructures import FileStorage, Headers
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser
from werkzeug.sansio.multipart import (
    HEADER_CONTINUATION_RE,
    Data,
    Epilogue,
    Field,
    File,
    MultipartDecoder,
    NeedData,
)

from upscaler.filenames.disposition import parameters_of

BLOCK_BYTES = 1 << 16
# Fields that hold files, also where the sender gives no file name.
FILE_FIELDS = frozenset({"file", "files"})


class PartDecoder(MultipartDecoder):
    """Werkzeug's decoder, which refuses a form whose headers are not UTF-8 and takes backslashes out of names."""

    def _parse_headers(self, data: bytes | bytearray) -> Headers:
        headers = Headers()
        for line in HEADER_CONTINUATION_RE.sub(b" ", data).splitlines():
            name, _, value = line.partition(b":")
            key = name.decode("ascii", "replace").strip()
            if key.lower() == "content-disposition":
                headers.set(key, _unmistakable(value))
            elif key:
                headers.add(key, value.decode("utf-8", "replace").strip())
        return headers


def _unmistakable(value: bytes) -> str:
    """Return the header with the same names in the one form that Werkzeug reads without loss."""
    parameters = parameters_of(value)
    name, filename = parameters.get("name", ""), parameters.get("filename")
    if filename is None and name in FILE_FIELDS:
        filename = ""
    return "form-data" + _parameter("name", name) + _parameter("filename", filename)


def _parameter(key: str, value: str | None) -> str:
    if value is None:
        return ""
    if not value:
        return f'; {key}=""'
    return f"; {key}*=UTF-8''{quote(value, safe='', errors='replace')}"


class FormParser(FormDataParser):
    """Parses forms with ``PartDecoder``; otherwise as its base does."""

    def _parse_multipart(
        self,
        stream: IO[bytes],
        mimetype: str,  # noqa: ARG002 - the base passes it on
        content_length: int | None,
        options: dict[str, str],
    ) -> Any:
        boundary = options.get("boundary", "").encode("ascii")
        if not boundary:
            raise ValueError("Missing boundary")
        decoder = PartDecoder(boundary, self.max_form_memory_size, max_parts=self.max_form_parts)
        parts = _Parts(self, content_length)
        block: bytes | None = b""
        while block is not None:
            block = stream.read(BLOCK_BYTES) or None
            decoder.receive_data(block)
            while not isinstance(event := decoder.next_event(), (NeedData, Epilogue)):
                parts.take(event)
        return stream, self.cls(parts.fields), self.cls(parts.files)


class _Parts:
    """The parts of a form so far."""

    def __init__(self, parser: FormDataParser, content_length: int | None) -> None:
        self.fields: list[tuple[str, str]] = []
        self.files: list[tuple[str, FileStorage]] = []
        self._parser = parser
        self._content_length = content_length
        self._part: Any = None
        self._stream: IO[bytes] | None = None
        self._value = bytearray()

    def take(self, event: Any) -> None:
        """Go on with the next event of the decoder."""
        if isinstance(event, File):
            self._part = event
            self._stream = self._parser.stream_factory(
                total_content_length=self._content_length,
                content_type=event.headers.get("content-type"),
                filename=event.filename,
            )
        elif isinstance(event, Field):
            self._part, self._stream, self._value = event, None, bytearray()
        elif isinstance(event, Data):
            self._add(event.data)
            if not event.more_data:
                self._end()

    def _add(self, data: bytes) -> None:
        if self._stream is not None:
            self._stream.write(data)
            return
        self._value += data
        most = self._parser.max_form_memory_size
        if most is not None and len(self._value) > most:
            raise RequestEntityTooLarge

    def _end(self) -> None:
        part = self._part
        if self._stream is None:
            self.fields.append((part.name, self._value.decode("utf-8", "replace")))
            return
        self._stream.seek(0)
        file = FileStorage(self._stream, part.filename, part.name, headers=part.headers)
        self.files.append((part.name, file))
