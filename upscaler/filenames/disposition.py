"""The name of a file in a ``Content-Disposition`` header, in the dialects that senders write it in.

- Browsers send UTF-8 and escape quotes and line breaks as ``%22``, ``%0D``, ``%0A``; backslashes stand for themselves.
- curl, Go and Java put a backslash before quotes and backslashes.
- Old programs leave quotes as they are, or send the bytes of a code page.
- .NET and Spring send ``filename*=utf-8''...`` (RFC 5987) or ``=?utf-8?B?...?=`` (RFC 2047), or both.
"""

from __future__ import annotations

import codecs
import re
from email.errors import HeaderParseError
from email.header import decode_header
from urllib.parse import unquote_to_bytes

from upscaler.filenames.encodings import WINDOWS, decoded

_PARAMETERS = frozenset({b"name", b"filename"})
# No real header is longer. Longer ones are read up to here.
_MOST_BYTES = 16_384

_KEY = re.compile(rb';\s*([^=;\s"]+)\s*=\s*')
# A quote that ends a value: the header goes on with another parameter, or not at all.
_CLOSING = re.compile(rb'(?<!\\)(?:\\\\)*(")\s*(?=;|$)')
_ESCAPED = re.compile(rb'\\(["\\])')
_EXTENDED = re.compile(rb"([^']*)'[^']*'(.*)", re.DOTALL)
_CONTINUED = re.compile(rb"(.+?)\*(\d+)(\*?)")
_ENCODED_WORDS = re.compile(r"(?:=\?[^?\s]+\?[bBqQ]\?[^?]*\?=\s*)+")
_OF_BROWSERS = {"%22": '"', "%0D": "\r", "%0A": "\n"}
_ESCAPED_BY_BROWSERS = re.compile("|".join(_OF_BROWSERS), re.IGNORECASE)
# Encodings that a header may name. Others are slow, or no encodings of text.
_NAMED = frozenset(
    codecs.lookup(name).name
    for name in (
        *(
            "ascii",
            "utf-8",
            "iso-8859-1",
            "iso-8859-2",
            "iso-8859-5",
            "iso-8859-7",
            "iso-8859-9",
            "iso-8859-15",
        ),
        *("cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "koi8-r"),
        *("shift_jis", "cp932", "euc_jp", "gb2312", "gbk", "gb18030", "big5", "euc_kr", "cp949", "cp874"),
    )
)


def parameters_of(header: bytes) -> dict[str, str]:
    """Return the parameters ``name`` and ``filename`` of a header's value.

    Nothing in a header is an error: what cannot be read is left out, and so is a parameter that was given before.
    """
    header = header[:_MOST_BYTES]
    raw: dict[bytes, bytes] = {}
    position = header.find(b";")
    while position >= 0:
        if match := _KEY.match(header, position):
            value, position = _value_at(header, match.end())
            key = match[1].lower()
            if key.split(b"*")[0] in _PARAMETERS:
                raw.setdefault(key, value)
        position = header.find(b";", position if match else position + 1)
    plain = {_text(key): _plain(value) for key, value in raw.items() if b"*" not in key}
    # The extended form was added for names that the plain one cannot carry, so it is the better one.
    return {**plain, **_extended(raw)}


def _value_at(header: bytes, start: int) -> tuple[bytes, int]:
    """Return the value that begins there, without its quotes, and the position behind it."""
    if header[start : start + 1] != b'"':
        end = header.find(b";", start)
        end = len(header) if end < 0 else end
        return header[start:end].strip(), end
    closing = _CLOSING.search(header, start + 1)
    # A last character that is a backslash looks like an escape of the quote behind it.
    end = closing.start(1) if closing else header.rfind(b'"', start + 1)
    if end < 0:
        return header[start + 1 :], len(header)
    return _ESCAPED.sub(rb"\1", header[start + 1 : end]), end + 1


def _plain(value: bytes) -> str:
    text = _text(value)
    if _ENCODED_WORDS.fullmatch(text):
        return _words(text)
    return _ESCAPED_BY_BROWSERS.sub(lambda match: _OF_BROWSERS[match[0].upper()], text)


def _words(text: str) -> str:
    """Return the text of encoded words (RFC 2047), or these themselves when they are damaged."""
    try:
        parts = decode_header(text)
    except HeaderParseError:
        return text
    return "".join(
        part if isinstance(part, str) else part.decode(_codec(charset or "") or "utf-8", "replace")
        for part, charset in parts
    )


def _extended(raw: dict[bytes, bytes]) -> dict[str, str]:
    """Return the parameters in the form of RFC 5987, ``name*``, or of RFC 2231, ``name*0*``, ``name*1``."""
    found: dict[str, str] = {}
    pieces: dict[bytes, dict[int, bytes]] = {}
    charsets: dict[bytes, bytes] = {}
    for key, value in raw.items():
        continued = _CONTINUED.fullmatch(key)
        if continued is None and not key.endswith(b"*"):
            continue
        is_encoded = key.endswith(b"*")
        charset, text = _split(value) if is_encoded else (b"", value)
        part = unquote_to_bytes(text) if is_encoded else text
        if continued is None:
            found[_text(key[:-1])] = _text(part, _text(charset))
        else:
            pieces.setdefault(continued[1], {})[int(continued[2][:4])] = part
            charsets.setdefault(continued[1], charset)
    for name, parts in pieces.items():
        together = b"".join(parts[number] for number in sorted(parts))
        found[_text(name)] = _text(together, _text(charsets.get(name, b"")))
    return {name: text for name, text in found.items() if text}


def _split(value: bytes) -> tuple[bytes, bytes]:
    """Return the charset and the text of ``charset'language'text``."""
    match = _EXTENDED.fullmatch(value)
    return (match[1], match[2]) if match else (b"", value)


def _text(value: bytes, charset: str = "") -> str:
    """Decode bytes: as the charset that was named, else as UTF-8, else as the likeliest code page."""
    codec = _codec(charset)
    if codec is not None:
        try:
            return value.decode(codec)
        except UnicodeDecodeError:
            pass
    return decoded([value], WINDOWS)[0]


def _codec(charset: str) -> str | None:
    """Return the codec of a charset that a header may name, or None."""
    try:
        name = codecs.lookup(charset).name
    except (LookupError, ValueError):
        return None
    return name if name in _NAMED else None
