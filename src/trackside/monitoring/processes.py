"""CPU time and memory of processes: from /proc on Linux, elsewhere only the values of `os`."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

PROC = Path("/proc")
_UTIME, _RSS = 11, 21  # places in /proc/PID/stat behind the command's name, see proc_pid_stat(5)


class Usage(Struct, frozen=True):
    """`cpu_s` counts user and system time."""

    cpu_s: float = 0.0
    resident_bytes: int = 0


def own() -> Usage:
    """Return what this process has used; its threads are included, its children are not."""
    times = os.times()
    found = _read(os.getpid())
    return Usage(times.user + times.system, 0 if found is None else found[2])


def ended_children_s() -> float:
    """Return the processor time of children that have ended, and of the children that these waited for."""
    times = os.times()
    return times.children_user + times.children_system


def below(roots: Iterable[int]) -> Usage:
    """Return the resource usage of the living descendants of processes, without the roots."""
    parents: dict[int, list[int]] = {}
    used: dict[int, tuple[float, int]] = {}
    with suppress(OSError):
        for entry in PROC.iterdir():
            if entry.name.isdigit() and (found := _read(int(entry.name))) is not None:
                parents.setdefault(found[0], []).append(int(entry.name))
                used[int(entry.name)] = found[1:]
    cpu_s, resident, seen = 0.0, 0, set(roots)
    waiting = list(seen)
    while waiting:
        for child in parents.get(waiting.pop(), []):
            if child not in seen:
                seen.add(child)
                waiting.append(child)
                cpu_s += used[child][0]
                resident += used[child][1]
    return Usage(cpu_s, resident)


def _read(pid: int) -> tuple[int, float, int] | None:
    """Return (parent, CPU seconds with those of ended children, resident bytes); None for a process that has ended."""
    try:
        text = (PROC / str(pid) / "stat").read_text("utf-8", "replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()  # a name may hold spaces and brackets
    ticks = sum(int(each) for each in fields[_UTIME : _UTIME + 4])
    return int(fields[1]), ticks / os.sysconf("SC_CLK_TCK"), int(fields[_RSS]) * os.sysconf("SC_PAGE_SIZE")
