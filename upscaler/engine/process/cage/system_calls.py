"""System calls that a child may not make, by seccomp."""

from __future__ import annotations

import errno
import logging
import os

logger = logging.getLogger(__name__)

# No sockets of any family: what reaches the network, a database, a queue or a display. Pairs are not connected to
# anything outside, and libraries use them.
_SOCKETS = ("socket", "connect", "bind", "listen", "accept", "accept4")
# Other processes.
_PROCESSES = (
    *("ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "process_mrelease", "kcmp"),
    *("pidfd_open", "pidfd_getfd", "pidfd_send_signal", "perf_event_open", "move_pages", "migrate_pages"),
)
_SIGNALS = ("kill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo")
# Parts of the kernel that programs of this kind do not use, and that gave attackers a way in.
_KERNEL = (
    *("bpf", "userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register", "keyctl", "add_key"),
    *("request_key", "mount", "umount2", "pivot_root", "chroot", "open_tree", "move_mount", "fsopen"),
    *("fsconfig", "fsmount", "fspick", "mount_setattr", "unshare", "setns", "init_module", "finit_module"),
    *("delete_module", "kexec_load", "kexec_file_load", "reboot", "swapon", "swapoff", "acct", "quotactl"),
    *("open_by_handle_at", "name_to_handle_at", "personality", "settimeofday", "clock_settime", "adjtimex"),
    *("clock_adjtime", "syslog", "vhangup", "iopl", "ioperm", "modify_ldt", "mknod", "mknodat", "vmsplice"),
    *("setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setgroups", "setfsuid"),
    *("setfsgid", "sethostname", "setdomainname", "fanotify_init", "lookup_dcookie", "nfsservctl"),
)
_PROGRAMS = ("execve", "execveat")
_NEW_USER = 0x10000000


def restrict(*, programs: bool) -> bool:
    """Bind this thread and all that it starts; return whether it could be done.

    A call that is denied fails with EPERM. ``no_new_privs`` has to be set before.

    Args:
        programs: whether it may start programs.
    """
    try:
        # Imported here: it looks for Debian's libseccomp2, which may be missing.
        import pyseccomp  # noqa: PLC0415 - see above
    except (ImportError, OSError, RuntimeError) as error:
        logger.info("no filter of system calls: %s", error)
        return False
    denied = pyseccomp.ERRNO(errno.EPERM)
    rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    for name in (*_SOCKETS, *_PROCESSES, *_KERNEL, *(() if programs else _PROGRAMS)):
        _deny(rules, denied, name)
    for name in _SIGNALS:
        _deny(rules, denied, name, pyseccomp.Arg(0, pyseccomp.NE, os.getpid()))
    _deny(rules, denied, "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, _NEW_USER, _NEW_USER))
    # Its flags are in memory, where no filter sees them. Without it, the C library uses ``clone``.
    _deny(rules, pyseccomp.ERRNO(errno.ENOSYS), "clone3")
    try:
        rules.load()
    except OSError as error:
        logger.info("no filter of system calls: %s", error)
        return False
    return True


def _deny(rules: object, action: int, name: str, *arguments: object) -> None:
    """Add a rule; calls that this processor or this libseccomp does not know need none."""
    try:
        rules.add_rule(action, name, *arguments)  # type: ignore[attr-defined]  # the package has no types
    except (OSError, ValueError) as error:
        logger.debug("no rule for %s: %s", name, error)
