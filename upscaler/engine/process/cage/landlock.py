"""Landlock: the files that a thread and all it starts may open, and no TCP (kernel 5.13 and later).

The calls and structures are those of ``linux/landlock.h``. The one package for it, ``landlock``, knows files alone.
"""

from __future__ import annotations

import ctypes
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from upscaler.engine.process.cage.policy import Cage

# The numbers of these calls are the same on all processors.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG = 1
_PATH_BENEATH = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = (1 << bit for bit in range(4))
_REMOVE_DIR, _REMOVE_FILE = 1 << 4, 1 << 5
_MAKE_DIR, _MAKE_FILE = 1 << 7, 1 << 8
_REFER, _TRUNCATE, _IOCTL = 1 << 13, 1 << 14, 1 << 15
_READING = _READ_FILE | _READ_DIR
_WRITING = _READING | _WRITE_FILE | _REMOVE_DIR | _REMOVE_FILE | _MAKE_DIR | _MAKE_FILE | _REFER | _TRUNCATE
_USING = _READING | _WRITE_FILE | _IOCTL | _MAKE_FILE | _REMOVE_FILE
# Rights that a rule for a file may name; the others are for folders.
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL
# The number of rights by the version of the interface: each one up to it is denied unless a rule gives it.
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
_ALL_FILE_RIGHTS = 16
_TCP, _TCP_VERSION = 0b11, 4
# Abstract sockets and signals of processes outside.
_SCOPES, _SCOPES_VERSION = 0b11, 6

_libc = ctypes.CDLL(None, use_errno=True)


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("tcp", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("rights", ctypes.c_uint64), ("parent", ctypes.c_int32))


def version() -> int:
    """Return the version of the kernel's interface, 0 where there is none."""
    return max(0, _libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION_FLAG)))


def restrict(cage: Cage) -> int:
    """Bind this thread and all that it starts to a policy; return the version of the interface, 0 where there is none.

    ``no_new_privs`` has to be set before.

    Raises:
        OSError: the kernel refuses a rule.

    """
    found = version()
    if not found:
        return 0
    handled = (1 << _FILE_RIGHTS.get(found, _ALL_FILE_RIGHTS)) - 1
    attributes = _Ruleset(
        handled, _TCP if found >= _TCP_VERSION else 0, _SCOPES if found >= _SCOPES_VERSION else 0
    )
    # Earlier kernels know shorter structures.
    size = 8 * (1 + (found >= _TCP_VERSION) + (found >= _SCOPES_VERSION))
    ruleset = _call(_CREATE_RULESET, ctypes.byref(attributes), ctypes.c_size_t(size), ctypes.c_uint32(0))
    try:
        _permit(ruleset, cage.readable, handled & (_READING | (_EXECUTE if cage.programs else 0)))
        _permit(ruleset, cage.writable, handled & _WRITING)
        _permit(ruleset, cage.devices, handled & _USING)
        _call(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0))
    finally:
        os.close(ruleset)
    return found


def _permit(ruleset: int, paths: Iterable[Path], rights: int) -> None:
    for path in paths:
        try:
            parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            # What is not there, or may not be reached, needs no rule.
            continue
        try:
            is_folder = stat.S_ISDIR(os.fstat(parent).st_mode)
            rule = _PathBeneath(rights if is_folder else rights & _OF_FILES, parent)
            _call(
                _ADD_RULE,
                ctypes.c_int(ruleset),
                ctypes.c_int(_PATH_BENEATH),
                ctypes.byref(rule),
                ctypes.c_uint32(0),
            )
        finally:
            os.close(parent)


def _call(number: int, *arguments: object) -> int:
    result = int(_libc.syscall(ctypes.c_long(number), *arguments))
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result
