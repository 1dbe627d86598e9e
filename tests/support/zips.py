"""ZIP archives as packers of other systems write them, byte by byte where ``zipfile`` would not."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Sequence

IS_UTF8 = 0x800


def raw_zip(
    files: Sequence[tuple[bytes, bytes]], flags: int = 0, extra: Callable[[bytes], bytes] = lambda _: b""
) -> bytes:
    """Return an archive of stored files: names as these bytes, general purpose flags, and an extra field by name."""
    body, directory = b"", b""
    for name, content in files:
        more = extra(name)
        fields = struct.pack(
            "<HHHHHIIIHH",
            *(20, flags, 0, 0x6000, 0x58A1, zlib.crc32(content)),
            *(len(content), len(content), len(name), len(more)),
        )
        offset = len(body)
        body += b"PK\x03\x04" + fields + name + more + content
        directory += b"PK\x01\x02\x14\0" + fields + struct.pack("<HHHII", 0, 0, 0, 0, offset) + name + more
    count = len(files)
    return (
        body
        + directory
        + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, count, count, len(directory), len(body), 0)
    )


def unicode_path(text: str, checksum_of: bytes | None = None) -> Callable[[bytes], bytes]:
    """Return a function that gives the extra field "Info-ZIP Unicode Path" of a name."""

    def field(name: bytes) -> bytes:
        content = (
            b"\x01"
            + struct.pack("<I", zlib.crc32(name if checksum_of is None else checksum_of))
            + text.encode()
        )
        # Behind another field, as Info-ZIP writes it behind that of the times.
        return b"UT\x01\0\x03" + struct.pack("<HH", 0x7075, len(content)) + content

    return field
