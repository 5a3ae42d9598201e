"""What a worker must not be able to do, tried from inside one, and what it must be."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from ragflow_local.processes import sandbox

pytestmark = pytest.mark.skipif(sandbox.lacking() != [], reason="this kernel has no such walls")

# Each ends by itself where it is refused: False, or any error; True is a way out.
ATTEMPTS = {
    "read a file of the user's": "open(secret).read()",
    "read the accounts": "open('/etc/passwd').read()",
    "list a folder": "os.listdir(os.path.dirname(secret))",
    "list the home": "os.listdir('/root') or os.listdir('/home')",
    "go up from a library": "open(os.path.dirname(os.__file__) + '/..' * 9 + secret).read()",
    "read through its root": "open('/proc/self/root' + secret).read()",
    "read through its working folder": "os.chdir(os.path.dirname(secret)) or open('secret').read()",
    "read a file by a descriptor of its folder": (
        "os.open('secret', os.O_RDONLY, dir_fd=os.open(os.path.dirname(secret), os.O_PATH))"
    ),
    "read the engine's environment": "open(f'/proc/{os.getppid()}/environ').read()",
    "read the engine's memory": "open(f'/proc/{os.getppid()}/mem', 'rb')",
    "read the engine's files": "os.listdir(f'/proc/{os.getppid()}/fd')",
    "write a file": "open(os.path.dirname(secret) + '/new', 'w').write('x')",
    "write to a temporary folder": "open('/tmp/ragflow-local-attempt', 'w')",
    "write to shared memory": "open('/dev/shm/ragflow-local-attempt', 'w')",
    "write a library": "open(os.path.dirname(os.__file__) + '/attempt.py', 'w')",
    "remove a file": "os.unlink(secret) or True",
    "rename a file": "os.rename(secret, secret + '2') or True",
    "make a link": "os.symlink('/etc/passwd', os.path.dirname(secret) + '/l') or True",
    "make a hard link": "os.link(secret, secret + '3') or True",
    "make a folder": "os.mkdir(os.path.dirname(secret) + '/d') or True",
    "change rights": "os.chmod(secret, 0o777) or True",
    "change times": "os.utime(secret, (1, 1)) or True",
    "cut a file short": "os.truncate(secret, 0) or True",
    "set an attribute": "os.setxattr(secret, 'user.x', b'x') or True",
    "open a socket": "socket.socket()",
    "open a local socket": "socket.socket(socket.AF_UNIX)",
    "open a pair of sockets": "socket.socketpair()",
    "open a raw socket": "socket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
    "connect by a name": "socket.create_connection(('localhost', 80))",
    "run a program": "os.execv('/bin/true', ['true'])",
    "start a program": "subprocess.run(['/bin/true'])",
    "start a program by posix_spawn": "os.posix_spawn('/bin/true', ['true'], {})",
    "run a program through a shell": "os.system('true') == 0",
    "fork": "os.fork() > 0",
    "fork by its number": "call(57) > 0",
    "clone a process": "call(56, 17, 0, 0, 0, 0) > 0",
    "clone a process the new way": "call(435, 0, 0) >= 0",
    "trace the engine": "call(101, 16, os.getppid(), 0, 0) == 0",
    "read the engine's memory by a call": "call(310, os.getppid(), 0, 0, 0, 0, 0) >= 0",
    "end the engine": "os.kill(os.getppid(), 0) or True",
    "end all": "os.kill(-1, 0) or True",
    "end the engine by its thread": "call(234, os.getppid(), os.getppid(), 0) == 0",
    "a handle of the engine": "os.pidfd_open(os.getppid()) >= 0",
    "make a ring": "call(425, 8, 0) >= 0",
    "another architecture's calls": "call(0x40000000 + 41, 2, 1, 0) >= 0",
    "a name space": "call(272, 0x10000000) == 0",
    "mount": "call(165, 0, 0, 0, 0, 0) == 0",
    "a program for the kernel": "call(321, 0, 0, 0) >= 0",
    "a file by its handle": "call(304, 0, 0, 0) >= 0",
    "raise its limits": "resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 30, 1 << 30)) or True",
    "the engine's limits": "call(302, os.getppid(), 7, 0, 0) == 0",
    "as much memory as there is": "bytearray(9 << 30)",
    "many files": "[os.open(os.devnull, os.O_RDONLY) for _ in range(500)]",
    "another filter": "libc.prctl(38, 0, 0, 0, 0) == 0",
    "a thread with more rights": "in_thread(lambda: open(secret).read())",
    "a program in memory": "os.execv(f'/proc/self/fd/{os.memfd_create(\"x\")}', ['x'])",
    "write to a file in memory": "os.write(os.memfd_create('x'), b'x')",
    "shared memory of the system": "call(29, 1, 4096, 0o1600) >= 0",
    "the keys of the session": "call(250, 0, -3, 0) > 0",
}
ALLOWED = {
    "import a library": "__import__('lxml.html') and __import__('PIL.Image')",
    "read a library's data": "open(os.__file__).read()",
    "read what it was given": "open(given).read() == 'tokens'",
    "write to nowhere": "open(os.devnull, 'w').write('x')",
    "start a thread": "in_thread(lambda: True)",
    "know the time": "time.strftime('%Z')",
    "random bytes": "os.urandom(8)",
    "hold memory": "bytearray(1 << 29)",
}
INSIDE = """
import ctypes, json, os, resource, socket, subprocess, sys, threading, time
asked = json.loads(sys.stdin.read())
secret, given = asked["secret"], asked["given"]
libc = ctypes.CDLL(None, use_errno=True)

def call(number, *values):
    return libc.syscall(number, *map(ctypes.c_long, values))

def in_thread(work):
    found = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    thread.join()
    return found[0]

threading.excepthook = lambda _: None
from ragflow_local.processes import sandbox
assert sandbox.enter([given], 1 << 30) == []
done = {}
for name, attempt in asked["attempts"].items():
    try:
        done[name] = bool(eval(attempt))
    except (Exception, SystemExit) as error:
        done[name] = False
print(json.dumps(done))
"""


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bool]:
    """What one worker could do; each attempt is made by the same process, one after another."""
    folder = tmp_path_factory.mktemp("user")
    (folder / "secret").write_text("my papers")
    (folder / "given").write_text("tokens")
    asked = {
        "secret": str(folder / "secret"),
        "given": str(folder / "given"),
        "attempts": {**ALLOWED, **ATTEMPTS},
    }
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(INSIDE)],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert (folder / "secret").read_text() == "my papers"
    assert sorted(path.name for path in folder.iterdir()) == ["given", "secret"]
    found: dict[str, bool] = json.loads(ended.stdout)
    return found


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_a_worker_cannot(done: dict[str, bool], attempt: str) -> None:
    if "call(" in ATTEMPTS[attempt] and os.uname().machine != "x86_64":
        pytest.skip("numbers of another architecture")
    assert not done[attempt]


@pytest.mark.parametrize("work", ALLOWED)
def test_a_worker_can(done: dict[str, bool], work: str) -> None:
    assert done[work]
