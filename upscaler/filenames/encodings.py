"""Names in bytes whose encoding nobody has stated: UTF-8 where they are valid, else the likeliest code page."""

from __future__ import annotations

import codecs
import unicodedata
from collections.abc import Sequence
from itertools import pairwise

# Code pages of Windows, which programs there send, and of DOS, which archives there hold.
WINDOWS = (
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp874"),
    *("cp932", "gb18030", "cp949", "big5hkscs", "koi8-r"),
)
DOS = ("cp437", "cp850", "cp852", "cp857", "cp866", "cp737", "cp862", "cp720")

# The repertoire that common names in a large code page keep to: rarer characters are a sign that it is another one.
_COMMON = {"cp932": "shift_jis", "gb18030": "gb2312", "cp949": "euc_kr"}
# Pages with the same letters in many places, and the more common page of the two.
_MORE_COMMON = {"cp852": "cp850", "cp1250": "cp1252", "cp862": "cp866"}
# A detector that is less sure than this, from 0 to 1, is guessing.
_GUESS = 0.02
# Signs that stand in names without being letters, marks or digits.
_SIGNS = frozenset("“”…—«»°№€·¿¡\u2018\u2019\u2013\xd7")
# The same in East Asia: punctuation of the ideographs, and wide forms of ASCII.
_EAST_ASIAN_SIGNS = (range(0x3000, 0x3040), range(0xFF01, 0xFF61))
# The categories of letters, marks and digits.
_OF_WORDS = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Nd", "Nl"})
# Letters of these stand beside each other in one word.
_EAST_ASIAN = ("CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "FULLWIDTH", "HANGUL", "IDEOGRAPHIC")
# Bytes that are looked at: enough to be sure, and soon done.
_SAMPLE_BYTES = 600


def decoded(names: Sequence[bytes], pages: Sequence[str]) -> list[str]:
    """Decode names that come from one sender, and so most likely have one encoding.

    When most of those that are not ASCII are valid UTF-8, these are UTF-8. All others have the likeliest of ``pages``.
    """
    unclear = [name for name in names if not name.isascii()]
    in_utf8 = {name for name in unclear if _is_utf8(name)}
    if 2 * len(in_utf8) < len(unclear) or _mixed_scripts(b"\n".join(in_utf8).decode()):
        # Valid by chance, as the words for "picture" in GBK are, which then read "ͼƬ".
        in_utf8 = set()
    page = likeliest_code_page([name for name in unclear if name not in in_utf8], pages)
    return [
        name.decode() if name.isascii() or name in in_utf8 else name.decode(page, "replace") for name in names
    ]


def likeliest_code_page(names: Sequence[bytes], pages: Sequence[str]) -> str:
    """Return the one of ``pages`` in which the names read most like names; the first when none fits, or there are none.

    A page that gives drawings or mixed scripts comes after one that gives words. Among the others a detector, which
    knows how often letters follow each other in a language, decides.
    """
    sample = b"\n".join(names)[:_SAMPLE_BYTES]
    texts = {page: text for page in pages if (text := _text(sample, page)) is not None}
    if not sample or not texts:
        return pages[0]
    confidence = _confidence(sample, list(texts))

    def strangeness(page: str) -> tuple[int, bool, float]:
        rare = page in _COMMON and not _fits(texts[page], _COMMON[page])
        return _oddities(texts[page]), rare, -confidence.get(page, 0.0)

    page = min(texts, key=strangeness)
    similar = _MORE_COMMON.get(page)
    is_guess = confidence.get(page, 0.0) < _GUESS and similar in texts
    return similar if similar and is_guess and strangeness(similar)[:2] <= strangeness(page)[:2] else page


def _is_utf8(name: bytes) -> bool:
    try:
        name.decode()
    except UnicodeDecodeError:
        return False
    return True


def _text(sample: bytes, page: str) -> str | None:
    """Return the sample in a code page, or None where it does not fit; its end may be half of a character."""
    is_cut = len(sample) == _SAMPLE_BYTES
    try:
        return codecs.getincrementaldecoder(page)().decode(sample, final=not is_cut)
    except UnicodeDecodeError:
        return None


def _confidence(sample: bytes, pages: list[str]) -> dict[str, float]:
    """Return the detector's confidence in each page, from 0 to 1."""
    import chardet  # noqa: PLC0415 - most names are UTF-8, and its models take memory

    found = chardet.detect_all(
        sample, ignore_threshold=True, include_encodings=pages, no_match_encoding=pages[0], compat_names=False
    )
    by_name = {codecs.lookup(entry["encoding"] or pages[0]).name: entry["confidence"] for entry in found}
    return {page: by_name.get(codecs.lookup(page).name, 0.0) for page in pages}


def _fits(text: str, codec: str) -> bool:
    try:
        text.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


def _oddities(text: str) -> int:
    """Count what does not occur in names: drawings, mixed scripts, a capital within a word, a mark on nothing."""
    drawings = sum(not _is_in_names(character) for character in text)
    pairs = list(zip(f" {text}", text, strict=False))
    inner_capitals = sum(a.islower() and b.isupper() and not (a + b).isascii() for a, b in pairs)
    lonely_marks = sum(a.isascii() and unicodedata.combining(b) > 0 for a, b in pairs)
    return drawings + inner_capitals + lonely_marks + _mixed_scripts(text)


def _is_in_names(character: str) -> bool:
    return (
        character.isascii()
        or character in _SIGNS
        or unicodedata.category(character) in _OF_WORDS
        or any(ord(character) in block for block in _EAST_ASIAN_SIGNS)
    )


def _mixed_scripts(text: str) -> int:
    scripts = [_script(character) for character in text]
    return sum(
        bool(before and after and before != after and "EAST ASIAN" not in (before, after))
        for before, after in pairwise(scripts)
    )


def _script(character: str) -> str:
    """Return the script of a letter, "" for anything else."""
    if not character.isalpha():
        return ""
    first = unicodedata.name(character, "").partition(" ")[0]
    return "EAST ASIAN" if first.startswith(_EAST_ASIAN) else first
