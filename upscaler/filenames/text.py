"""The text of file names: which characters are kept, how long a name may be, which part of it is an extension."""

from __future__ import annotations

import re
import unicodedata

import regex

from upscaler.engine.imaging.formats import format_for_extension

# Bytes of UTF-8 in a name: the limit of common file systems.
MAX_BYTES = 255
# Name of a file that has none.
NAMELESS = "image"

# Characters of a sent name that are looked at.
_MOST_CHARACTERS = 4096
# Control characters, line breaks, halves of surrogate pairs, and what changes the direction of the text around it:
# with that, "exe.png" can be made to read "gnp.exe". Joiners and spaces of any width stay.
_UNWANTED = re.compile(
    "[\0-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)


def last_part(path: str) -> str:
    """Return what is behind the last slash or backslash, without blanks around it."""
    return re.split(r"[/\\]", path)[-1].strip()


def cleaned(name: str) -> str:
    """Return a name in composed form (NFC), without the characters that no name may have; it may be empty."""
    return unicodedata.normalize("NFC", _UNWANTED.sub("", name[-_MOST_CHARACTERS:])).strip()


def is_visible(name: str) -> bool:
    """Return whether a reader sees a name: it has a character that is neither blank nor a joiner, and is no ``..``."""
    return name not in {".", ".."} and any(
        character.isprintable() and not character.isspace() for character in name
    )


def split_extension(name: str) -> tuple[str, str]:
    """Split a name into its stem and the extension of an image format, without the dot; it may be empty.

    Only what image formats use is an extension: "Mr. Smith" and "scan v1.2" have none.
    """
    stem, _, extension = name.rpartition(".")
    if stem and format_for_extension(extension) is not None:
        return stem, extension
    return name, ""


def shortened(text: str, max_bytes: int) -> str:
    """Cut a text to at most ``max_bytes`` of UTF-8, between two characters as readers see them."""
    if size_of(text) <= max_bytes:
        return text
    kept, size = [], 0
    for cluster in regex.findall(r"\X", text):
        size += size_of(cluster)
        if size > max_bytes:
            break
        kept.append(cluster)
    return "".join(kept).rstrip()


def shortened_name(name: str, max_bytes: int = MAX_BYTES) -> str:
    """Cut the stem of a name; its extension stays."""
    stem, extension = split_extension(name)
    ending = f".{extension}" if extension else ""
    return shortened(stem, max_bytes - size_of(ending)) + ending


def size_of(text: str) -> int:
    """Return the bytes that a text takes in a file system; a name on a disk need not be valid UTF-8."""
    return len(text.encode("utf-8", "surrogateescape"))
