"""Processor time of tests, for `--cpu`: that of each test process and of every process below it, by file and by test.

A process that ended counts in the one that waited for it.  The clock of the system's process table ticks in 10 ms, so the
figure of a short test is only exact in the sum of a file.
"""

import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_TIMES = slice(11, 15)  # utime, stime, cutime and cstime, counted from the state of a process


class Cpu:
    """Seconds by file and by test; one in each process of xdist, which hands them to the one that prints."""

    def __init__(self, shown: int) -> None:
        self._shown = shown
        self._files: defaultdict[str, float] = defaultdict(float)
        self._tests: defaultdict[str, float] = defaultdict(float)
        self._before = 0.0

    def _note(self, file: str, test: str = "") -> None:
        spent = spent_s(os.getpid())
        more = max(0.0, spent - self._before)  # less: processes ended whose parent had ended before them
        self._files[file] += more
        if test:
            self._tests[test] += more
        self._before = spent

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._note("(start and collection)")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._note("(between tests)")
        result = yield
        self._note(item.nodeid.partition("::")[0], item.nodeid)
        return result

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if session.config.pluginmanager.hasplugin("dsession"):
            return  # this process only hands out tests; those that run them are below it
        self._note("(end)")
        output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
        if output is not None:
            output["cpu"] = dict(self._files), dict(self._tests)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        spent = getattr(node, "workeroutput", {}).get("cpu", ({}, {}))
        for counter, more in zip((self._files, self._tests), spent, strict=True):
            for name, seconds in more.items():
                counter[name] += seconds

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        total = sum(self._files.values())
        for title, counter in (("files", self._files), ("tests", self._tests)):
            terminalreporter.section(f"processor time of {title}: {total:.0f} s in all")
            for name, seconds in sorted(counter.items(), key=lambda each: -each[1])[: self._shown]:
                terminalreporter.write_line(f"{seconds:7.1f} s  {name}")


def spent_s(pid: int) -> float:
    """Seconds that a process and all below it have spent so far."""
    ticks = 0
    waiting = [pid]
    while waiting:
        each = waiting.pop()
        try:
            ticks += sum(map(int, Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()[_TIMES]))
            for task in Path(f"/proc/{each}/task").iterdir():
                waiting += map(int, (task / "children").read_text().split())
        except OSError:
            continue  # it ended meanwhile
    return ticks / _TICKS
