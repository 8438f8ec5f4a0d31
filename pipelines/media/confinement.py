"""What a decoding child gives up before it looks at a file: the network, the file system, most of the kernel, and more
than its share of memory and time.

Linux only. Each of these is the kernel's own promise, kept even where a damaged file makes a decoder do as it likes.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import signal
import struct
from collections.abc import Callable
from typing import Any, Literal, get_args

Protection = Literal["network", "files", "calls", "limits"]
PROTECTIONS: tuple[Protection, ...] = get_args(Protection)

MEMORY = 4 << 30  # bytes beside what is mapped when a child begins
DESCRIPTORS = 16

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 4, 22, 38

# landlock.h; the same numbers on every machine
_CREATE_RULESET, _RESTRICT_SELF = 444, 446
_FS_RIGHTS = {1: 13, 2: 14, 3: 15, 5: 16}  # bits by the version of Landlock that brought the last of them
_NET_RIGHTS, _SCOPES = 0b11, 0b11  # binding and connecting; abstract sockets and signals

# What decoding takes once the modules are loaded and the files open: (x86-64, 64-bit ARM) by asm/unistd.h.
# Nothing here opens, connects, starts a program or names another process.
_CALLS = {
    "preadv": (295, 69), "preadv2": (327, 286), "sendto": (44, 206), "recvfrom": (45, 207), "close": (3, 57),
    "mmap": (9, 222), "munmap": (11, 215), "mprotect": (10, 226), "mremap": (25, 216), "madvise": (28, 233),
    "brk": (12, 214), "sysinfo": (99, 179), "getrandom": (318, 278),
    "futex": (202, 98), "set_robust_list": (273, 99), "rseq": (334, 293), "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123), "gettid": (186, 178), "getpid": (39, 172),
    "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139), "restart_syscall": (219, 128),
    "clock_gettime": (228, 113), "clock_nanosleep": (230, 115), "nanosleep": (35, 101),
    "exit": (60, 93), "exit_group": (231, 94),
}  # fmt: skip
_MACHINES = {"x86_64": (0, 0xC000003E, 56), "aarch64": (1, 0xC00000B7, 220)}  # column, AUDIT_ARCH, clone
_CLONE3, _CLONE_THREAD = 435, 0x00010000
_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06  # struct sock_filter's codes
_ALLOW, _KILL, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000
_EPERM, _ENOSYS = 1, 38

_libc = ctypes.CDLL(None, use_errno=True)


def leave_network() -> bool:
    """Move this process and those it forks to a network without any interface. Whether that could be done."""
    # a user who may not do that alone may do it as the root of a user namespace, where those are allowed
    return _libc.unshare(_CLONE_NEWNET) == 0 or _libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) == 0


def confine(cpu_seconds: int, *, offline: bool) -> list[Protection]:
    """Give up everything that can be given up here, for good. `offline`: the network is left already.

    Returns the protections that hold. What is open stays open; nothing can be opened or imported afterwards.
    """
    _limit(cpu_seconds)
    _control(_PR_SET_PDEATHSIG, signal.SIGKILL)
    _control(_PR_SET_DUMPABLE, 0)
    _control(_PR_SET_NO_NEW_PRIVS, 1)
    files, calls = _lock_files(), _refuse_calls()
    held = {"network": offline or calls, "files": files or calls, "calls": calls, "limits": True}
    return [protection for protection in PROTECTIONS if held[protection]]


def _limit(cpu_seconds: int) -> None:
    """Memory, processor time, no writing to files, few descriptors, no core dumps.

    Not the number of processes: it counts everything of the same user. The filter of calls forbids new ones.
    """
    with open("/proc/self/statm", "rb") as file:
        mapped = int(file.read().split()[0]) * resource.getpagesize()
    for what, most in (
        (resource.RLIMIT_AS, mapped + MEMORY),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, DESCRIPTORS),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        if hard != resource.RLIM_INFINITY:
            most = min(most, hard)
        resource.setrlimit(what, (most, most))


def _lock_files() -> bool:
    """Landlock without exceptions: no path can be opened, made, moved or run. Whether the kernel has it."""
    version = _libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint(1))
    if version < 1:
        return False
    bits = max(bits for since, bits in _FS_RIGHTS.items() if since <= version)
    rules = struct.pack("QQQ", (1 << bits) - 1, _NET_RIGHTS, _SCOPES)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    ruleset = _libc.syscall(_CREATE_RULESET, rules, ctypes.c_size_t(size), ctypes.c_uint(0))
    if ruleset < 0:
        return False
    locked = _libc.syscall(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint(0)) == 0
    os.close(ruleset)
    return locked


def _refuse_calls() -> bool:
    """seccomp: every system call but those of _CALLS fails. Whether this machine and its kernel can do that."""
    if platform.machine() not in _MACHINES or struct.calcsize("P") != 8:
        return False
    program = _program(*_MACHINES[platform.machine()])
    code = ctypes.create_string_buffer(program, len(program))
    # struct sock_fprog: how many instructions, and where they are
    described = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
    return _control(_PR_SET_SECCOMP, 2, ctypes.c_char_p(described))


def _program(column: int, architecture: int, clone: int) -> bytes:
    """The filter in the kernel's small language: number of the call in, verdict out (seccomp(2))."""
    numbers = [pair[column] for pair in _CALLS.values()]
    verdicts = [
        (_RETURN, 0, 0, _ERROR | _EPERM),
        (_LOAD, 0, 0, 16),  # clone's flags, the first argument: a thread is allowed, a process is not
        (_ANY_BIT, 1, 0, _CLONE_THREAD),
        (_RETURN, 0, 0, _ERROR | _EPERM),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _ERROR | _ENOSYS),  # the C library then takes clone, whose flags can be seen
    ]
    count = len(numbers)
    tests = [(_EQUAL, count - index + 5, 0, number) for index, number in enumerate(numbers)]
    tests += [(_EQUAL, 2, 0, clone), (_EQUAL, 5, 0, _CLONE3)]
    head = [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, architecture), (_RETURN, 0, 0, _KILL), (_LOAD, 0, 0, 0)]
    return b"".join(struct.pack("HBBI", *line) for line in [*head, *tests, *verdicts])


def _control(option: int, value: int, more: Any = 0) -> bool:
    # as wide as the kernel reads them: ctypes would pass 32 bits of each
    wide: Callable[[int], Any] = ctypes.c_ulong
    last = more if more else wide(0)
    return bool(_libc.prctl(option, wide(value), last, wide(0), wide(0)) == 0)
