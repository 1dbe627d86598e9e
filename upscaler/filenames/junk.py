"""Files and folders that systems leave beside images. They are no images, and nobody has chosen to send them."""

from __future__ import annotations

import re

# Names in lower case. One name may stand for a file on one system and for a folder on another.
_NAMES = frozenset(
    {
        # Windows
        *("thumbs.db", "thumbs.db:encryptable", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini"),
        *("$recycle.bin", "recycler", "recycled", "system volume information"),
        # macOS
        *(
            "__macosx",
            ".ds_store",
            ".localized",
            ".apdisk",
            ".appledouble",
            ".lsoverride",
            ".volumeicon.icns",
        ),
        *(".trashes", ".spotlight-v100", ".fseventsd", ".temporaryitems", ".documentrevisions-v100"),
        *(".com.apple.timemachine.donotpresent", "network trash folder", "temporary items", "icon\r"),
        # Linux
        *("lost+found", ".directory", ".xdg-volume-info", ".thumbnails", ".sh_thumbnails", ".nomedia"),
        # Synology
        *("@eadir", "#recycle", "#snapshot", "@tmp", "@sharebin", "@syno", ".synologyworkingdirectory"),
        # QNAP
        *("@recycle", "@recently-snapshot", "@transcode", ".@__thumb", ".@__qini", ".@upload_cache"),
        # Programs
        *("picasa.ini", ".picasa.ini", "zbthumbnail.info", "pspbrwse.jbf"),
    }
)
_PATTERNS = re.compile(
    r"""
    \._.*                  # AppleDouble: the second half of a file of macOS
    | \.trash(-\d+)?       # Linux: the trash of a user on a volume
    | \.fuse_hidden.*      # Linux: deleted, and still open
    | \.nfs[0-9a-f]{8,}    # Linux: the same on NFS
    | ~\$.*                # Microsoft Office: the lock of an open document
    | \.~lock\..*\#        # LibreOffice: the same
    | .*@synoeastream      # Synology: attributes of a file
    | .*@synoresource
    | .*:zone\.identifier  # Windows: where a file was downloaded from
    """,
    re.VERBOSE | re.DOTALL,
)


def is_junk(path: str) -> bool:
    """Return whether a part of a path is what a system has left; parts are separated by slashes or backslashes."""
    return any(_is_junk_part(part.lower()) for part in re.split(r"[/\\]", path))


def is_hidden(path: str) -> bool:
    """Return whether a file or one of its folders begins with a dot, as what nobody should see does."""
    return any(part.startswith(".") and part not in {".", ".."} for part in re.split(r"[/\\]", path))


def _is_junk_part(part: str) -> bool:
    return part in _NAMES or _PATTERNS.fullmatch(part) is not None
