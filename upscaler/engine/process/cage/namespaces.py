"""Namespaces and privileges of a child: none of the machine's network, shared memory or administration."""

from __future__ import annotations

import contextlib
import ctypes
import os
from pathlib import Path

_NEW_USER, _NEW_IPC, _NEW_NETWORK = 0x10000000, 0x08000000, 0x40000000
_SET_DUMPABLE, _SET_NO_NEW_PRIVS = 4, 38
_CAPABILITY_VERSION = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


def separate() -> bool:
    """Move this process to user, network and IPC namespaces of its own; return whether the kernel let it.

    It has to be the only thread.
    """
    user, group = os.geteuid(), os.getegid()
    if _libc.unshare(_NEW_USER | _NEW_IPC | _NEW_NETWORK):
        return False
    # It stays who it was, for the files that it may open. A system that refuses this, as some do to processes without
    # privileges, shows it the number of nobody in place of its own, and changes nothing else.
    with contextlib.suppress(OSError):
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    return True


def renounce() -> None:
    """Give up all capabilities, those of the namespaces included, and all programs that would give some.

    Raises:
        OSError: the kernel refuses.

    """
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    nothing = (ctypes.c_uint32 * 6)()
    # Its parent measures its memory, as of any other process of the same user.
    for failed in (
        _libc.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
        _libc.capset(header, nothing),
        _libc.prctl(_SET_DUMPABLE, 1, 0, 0, 0),
    ):
        if failed:
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error))
