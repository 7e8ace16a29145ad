"""`trackside` on a disk that fails: on SIGUSR1 every fsync of this process and its threads ends with EIO, from then on.

The kernel sees to that (seccomp), so that no library is replaced: what is answered after it was not synced before."""

import ctypes
import os
import platform
import signal
import struct
import sys

REFUSED = 77  # the exit code where the kernel does not let us
# seccomp; fsync, fdatasync, msync, sync_file_range, sync, syncfs
NUMBERS = {"x86_64": (317, (74, 75, 26, 277, 162, 306)), "aarch64": (277, (82, 83, 227, 84, 81, 267))}
IS_POSSIBLE = sys.platform == "linux" and platform.machine() in NUMBERS

_LOAD_NUMBER, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06  # BPF
_ALLOW, _FAIL_WITH_EIO = 0x7FFF0000, 0x00050005
_SET_NO_NEW_PRIVS, _SET_FILTER, _ALL_THREADS = 38, 1, 1


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))


def fail_syncs(*_: object) -> None:
    seccomp, syncs = NUMBERS[platform.machine()]
    steps = [(_LOAD_NUMBER, 0, 0, 0)]
    steps += [(_JUMP_IF_EQUAL, len(syncs) - i, 0, number) for i, number in enumerate(syncs)]
    steps += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _FAIL_WITH_EIO)]
    code = b"".join(struct.pack("HBBI", *step) for step in steps)
    program = _Program(len(steps), code)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if libc.syscall(seccomp, _SET_FILTER, _ALL_THREADS, ctypes.byref(program)) != 0:
        os._exit(REFUSED)


if __name__ == "__main__":
    from trackside.cli.main import main

    signal.signal(signal.SIGUSR1, fail_syncs)
    sys.exit(main())
