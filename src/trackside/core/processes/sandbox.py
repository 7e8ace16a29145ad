"""Isolation of a child process by bubblewrap, where it is installed.

A model is code from a user.  In the sandbox it has no network, can read only the system's programs, its own environment and its
own files, and can write only to its own folder and a private /tmp.  Its /etc has the files that programs such as Java need to
start, with one user and one host.  Without bubblewrap the process runs with the rights of the server, and the server's log says
so.
"""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/etc/ssl", "/etc/alternatives", "/etc/ld.so.cache", "/etc/localtime")
NETWORK = ("/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/services")  # files of name resolution
HOST = "localhost"  # the name of the machine in a sandbox without a network
TRY_S = 10.0  # for an empty test sandbox
_ETC = ("passwd", "group", "hosts", "nsswitch.conf")
_HOME = "/tmp"  # noqa: S108  # the sandbox's own


def is_available() -> bool:
    return sys.platform == "linux" and shutil.which("bwrap") is not None


def fault(*, timeout_s: float = TRY_S) -> str | None:
    """Return the error of bubblewrap if it cannot create a sandbox; None if it can or is not installed."""
    if not is_available():
        return None
    with tempfile.TemporaryDirectory(prefix="trackside-sandbox-") as folder:
        command = wrapped([shutil.which("true") or "/bin/true"], readable=(), writable=[folder])
        try:
            done = subprocess.run(  # noqa: S603  # no word of a caller
                command, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout_s, check=False
            )
        except subprocess.TimeoutExpired:
            return f"bwrap did not end within {timeout_s:g} s"
        except OSError as error:
            return str(error)
    said = done.stderr.decode(errors="replace").strip().splitlines()
    return None if done.returncode == 0 else (said[-1:] or [f"exit code {done.returncode}"])[0][:300]


def wrapped(
    command: Sequence[str],
    *,
    readable: Sequence[str],
    writable: Sequence[str],
    has_network: bool = False,
    tmp_bytes: int = 0,
) -> list[str]:
    """Return the command that runs inside a sandbox; unchanged without bubblewrap.  It starts in the first of `writable`.
    `tmp_bytes` is the size of its /tmp, which is in memory; 0 means the system's limit."""
    program = shutil.which("bwrap") if sys.platform == "linux" else None
    if program is None:
        return list(command)
    words = [program, "--unshare-all", "--die-with-parent", "--cap-drop", "ALL", "--proc", "/proc", "--dev", "/dev"]
    own = [name for name in _ETC if not has_network or f"/etc/{name}" not in NETWORK]
    if has_network:
        words += ["--share-net"]
        readable = [*readable, *NETWORK]
    else:
        words += ["--hostname", HOST]
    words += ["--size", str(tmp_bytes)] if tmp_bytes else []
    words += ["--tmpfs", _HOME, "--setenv", "HOME", _HOME, "--setenv", "TMPDIR", _HOME]
    java = (str(path) for path in Path("/etc").glob("java*"))  # the settings of a Debian package
    for path in _roots([*SYSTEM, *java, *map(_home_of, readable), *readable]):
        words += ["--ro-bind", path, path]
    for name in own:
        words += ["--ro-bind", str(_etc() / name), f"/etc/{name}"]
    for path in writable:
        words += ["--bind", path, path]
    return [*words, "--chdir", writable[0], "--", *command]


def _etc() -> Path:
    """Return a folder with files of /etc without users of the real machine."""
    found = _written_etc()
    if not all((found / name).exists() for name in _ETC):  # systems delete old files of their temporary folder
        _written_etc.cache_clear()
        found = _written_etc()
    return found


@cache
def _written_etc() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="trackside-etc-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    user, group = os.getuid(), os.getgid()
    files = {
        "passwd": f"model:x:{user}:{group}::{_HOME}:/usr/sbin/nologin\n",
        "group": f"model:x:{group}:\n",
        "hosts": f"127.0.0.1 {HOST}\n::1 {HOST}\n",
        "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    }
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    return folder


def _home_of(path: str) -> str:
    """Return the folder that a Python interpreter needs: that of its environment, or the path itself."""
    given = Path(path)
    if given.name.startswith("python") and given.parent.name == "bin":
        return str(given.parent.parent)
    return path


def _roots(paths: Sequence[str]) -> list[str]:
    """Return the existing paths and the targets of links, without paths that are inside another one."""
    found: set[str] = set()
    for path in paths:
        if os.path.exists(path):  # noqa: PTH110  # plain strings
            found.add(os.path.abspath(path))  # noqa: PTH100  # a link is kept, and its target is added
            found.add(_home_of(os.path.realpath(path)))
    return sorted(path for path in found if not any(path != other and path.startswith(f"{other}/") for other in found))
