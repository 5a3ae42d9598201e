"""Sandboxes a worker: it reads untrusted bytes, so it gives up all rights it does not need.

A worker gets a file's bytes through a pipe and gives blocks back. It needs its own libraries and
nothing else, so nothing else is left to it, as far as the kernel can say so:

    limits      no file grows, few are open, memory has an end, nothing is dumped
    Landlock    of the disk only Python, the libraries and the model's tokenizer, for reading
    seccomp     no socket, no program, no child, no look into another process, no signal to one

What a kernel has not is told by ``lacking``, and by ``doctor``.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import platform
import site
import struct
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path

_OPEN_FILES = 256
# Above what a worker holds: stacks of threads, arenas and mapped libraries are reserved, not used.
_RESERVED_BYTES = 6 << 30

# linux/landlock.h, the same on every architecture.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG, _PATH_BENEATH = 1, 1
_READ_FILE, _READ_DIR, _WRITE_FILE = 1 << 2, 1 << 3, 1 << 1
# Rights on files that each version of Landlock knows: bits 0 to 12, then one more each.
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_NETWORK_RIGHTS, _SCOPES = 0b11, 0b11  # bind and connect from 4; sockets and signals from 6

_NO_NEW_PRIVS, _SET_SECCOMP, _GET_SECCOMP = 38, 22, 21  # linux/prctl.h
_FILTER_MODE = 2
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000  # linux/seccomp.h
_CLONE_THREAD = 0x10000
_X32 = 0x40000000

# Numbers of system calls: (x86_64, aarch64); -1 where the architecture has none.
_REFUSED = {
    "socket": (41, 198), "socketpair": (53, 199), "connect": (42, 203), "bind": (49, 200),
    "listen": (50, 201), "accept": (43, 202), "accept4": (288, 242), "sendto": (44, 206),
    "execve": (59, 221), "execveat": (322, 281), "fork": (57, -1), "vfork": (58, -1),
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "process_madvise": (440, 440), "kcmp": (312, 272), "kill": (62, 129), "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240),
    "pidfd_open": (434, 434), "pidfd_getfd": (438, 438), "pidfd_send_signal": (424, 424),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "chmod": (90, -1), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452),
    "chown": (92, -1), "fchown": (93, 55), "lchown": (94, -1), "fchownat": (260, 54),
    "utime": (132, -1), "utimes": (235, -1), "futimesat": (261, -1), "utimensat": (280, 88),
    "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7),
    "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16),
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51),
    "unshare": (272, 97), "setns": (308, 268), "bpf": (321, 280), "perf_event_open": (298, 241),
    "userfaultfd": (323, 282), "keyctl": (250, 219), "add_key": (248, 217),
    "request_key": (249, 218), "init_module": (175, 105), "finit_module": (313, 273),
    "kexec_load": (246, 104), "open_by_handle_at": (304, 265), "reboot": (169, 142),
    "shmget": (29, 194), "shmat": (30, 196), "msgget": (68, 186), "semget": (64, 190),
    "mq_open": (240, 180), "setpriority": (141, 140), "sched_setaffinity": (203, 122),
}  # fmt: skip
_CLONE3, _CLONE, _TGKILL, _PRLIMIT = (435, 435), (56, 220), (234, 131), (302, 261)
_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}


def enter(readable: Iterable[str], most_bytes: int) -> list[str]:
    """Drop all rights that a worker does not need; return those that could not be dropped.

    Before any other thread is started: rights belong to a thread and those it starts.

    Args:
        readable: Files beside the libraries that it reads.
        most_bytes: The memory it may hold.
    """
    sys.dont_write_bytecode = True
    _limit(most_bytes)
    if sys.platform != "linux":
        return lacking()
    lacks = []
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0)
    if not _enter_landlock(libc, readable):
        lacks.append("Landlock")
    if not _enter_seccomp(libc):
        lacks.append("seccomp")
    return lacks


def lacking() -> list[str]:
    """Return the sandbox features that this computer's kernel lacks."""
    if sys.platform != "linux":
        return ["Landlock", "seccomp"]
    libc = ctypes.CDLL(None, use_errno=True)
    lacks = []
    if libc.syscall(_CREATE_RULESET, None, 0, _VERSION_FLAG) < 1:
        lacks.append("Landlock")
    # EFAULT: filters are known, and there is none at no address.
    known = libc.prctl(_SET_SECCOMP, _FILTER_MODE, None, 0, 0) < 0
    if platform.machine() not in _ARCHITECTURES or not known or ctypes.get_errno() == errno.EINVAL:
        lacks.append("seccomp")
    return lacks


def _limit(most_bytes: int) -> None:
    if sys.platform == "win32":
        return
    import resource

    for kind, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_AS, most_bytes + _RESERVED_BYTES),
    ):
        with contextlib.suppress(OSError, ValueError):  # what is lower already stays so
            resource.setrlimit(kind, (most, most))


def _enter_landlock(libc: ctypes.CDLL, readable: Iterable[str]) -> bool:
    version = libc.syscall(_CREATE_RULESET, None, 0, _VERSION_FLAG)
    if version < 1:
        return False
    files = (1 << _FILE_RIGHTS[min(version, 5)]) - 1
    network = _NETWORK_RIGHTS if version >= 4 else 0
    scopes = _SCOPES if version >= 6 else 0
    fields = [files, network, scopes][: 1 if version < 4 else 2 if version < 6 else 3]
    attributes = struct.pack(f"={len(fields)}Q", *fields)
    rules = libc.syscall(_CREATE_RULESET, attributes, len(attributes), 0)
    if rules < 0:
        return False
    try:
        for path in dict.fromkeys([*_libraries(), *_of_the_system(), *readable]):
            _allow(libc, rules, path, _READ_FILE | _READ_DIR)
        _allow(libc, rules, os.devnull, _READ_FILE | _WRITE_FILE)
        return bool(libc.syscall(_RESTRICT_SELF, rules, 0) == 0)
    finally:
        os.close(rules)


def _allow(libc: ctypes.CDLL, rules: int, path: str, rights: int) -> None:
    with contextlib.suppress(OSError):  # not there, so nothing to read
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            if not Path(path).is_dir():
                rights &= ~_READ_DIR
            rule = struct.pack("=Qi", rights, descriptor)
            libc.syscall(_ADD_RULE, rules, _PATH_BENEATH, rule, 0)
        finally:
            os.close(descriptor)


def _libraries() -> Iterator[str]:
    """Yield where Python and packages lie; not the folder of a script that is on ``sys.path``."""
    yield str(Path(__file__).parents[1])  # this package
    yield from sysconfig.get_paths().values()
    yield from (f"{prefix}/lib" for prefix in {sys.prefix, sys.base_prefix})
    with contextlib.suppress(AttributeError):  # a frozen program has no site
        yield from [*site.getsitepackages(), site.getusersitepackages()]
    if frozen := getattr(sys, "_MEIPASS", ""):
        yield from (frozen, sys.executable)  # the program holds modules itself
    for entry in map(Path, sys.path):
        if entry.suffix == ".zip" or any(entry.glob("*.dist-info")):
            yield str(entry)


def _of_the_system() -> Iterator[str]:
    yield from ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache")
    yield from ("/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/self", "/dev/urandom")
    yield from ("/sys/devices/system", "/sys/fs/cgroup", "/usr/share/zoneinfo", "/etc/localtime")


def _enter_seccomp(libc: ctypes.CDLL) -> bool:
    architecture = _ARCHITECTURES.get(platform.machine())
    if architecture is None or sys.byteorder != "little" or sys.maxsize < 1 << 32:
        return False
    program = b"".join(_filter(*architecture))
    buffer = ctypes.create_string_buffer(program, len(program))
    head = struct.pack("=HxxxxxxQ", len(program) // 8, ctypes.addressof(buffer))
    return bool(libc.prctl(_SET_SECCOMP, _FILTER_MODE, head, 0, 0) == 0)


def _filter(column: int, architecture: int) -> Iterator[bytes]:
    """Yield the instructions of classic BPF that look at each system call.

    Source: Documentation/userspace-api/seccomp_filter.rst of the kernel; linux/filter.h.
    """
    load, equal, at_least, has, give = 0x20, 0x15, 0x35, 0x45, 0x06

    def step(code: int, value: int, then: int = 0, otherwise: int = 0) -> bytes:
        return struct.pack("=HBBI", code, then, otherwise, value)

    refuse = step(give, _REFUSE | errno.EPERM)
    yield step(load, 4)  # the architecture: another one has other numbers
    yield step(equal, architecture, 1, 0)
    yield refuse
    yield step(load, 0)  # the number of the call
    yield step(at_least, _X32, 0, 1)
    yield refuse
    for numbers in _REFUSED.values():
        if numbers[column] >= 0:
            yield step(equal, numbers[column], 0, 1)
            yield refuse
    # Its flags lie in memory, where no filter sees them; libc falls back on clone.
    yield step(equal, _CLONE3[column], 0, 1)
    yield step(give, _REFUSE | errno.ENOSYS)
    yield from (step(equal, _CLONE[column], 0, 4), step(load, 16), step(has, _CLONE_THREAD, 1, 0))
    yield from (refuse, step(give, _ALLOW))
    # A signal to itself is abort(); limits of itself are read by libc.
    yield from (step(equal, _TGKILL[column], 0, 4), step(load, 16), step(equal, os.getpid(), 1, 0))
    yield from (refuse, step(give, _ALLOW))
    yield from (step(equal, _PRLIMIT[column], 0, 4), step(load, 16), step(equal, 0, 1, 0))
    yield from (refuse, step(give, _ALLOW))
    yield step(give, _ALLOW)
