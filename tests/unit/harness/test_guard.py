"""Commands of tests that start processes of their own: none of them outlives the test."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from support.links import until
from support.processes import guard
from support.processes.servers import environment

PARENT_AND_CHILD = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open(sys.argv[1] + ".new", "w").write(f"{os.getpid()} {child.pid}")
os.rename(sys.argv[1] + ".new", sys.argv[1])
time.sleep(600)
"""
TEST = """
import pathlib, sys
sys.path.insert(0, sys.argv[1])
from support.processes import guard
with open("log", "w") as log:
    guard.start([sys.executable, "-c", sys.argv[2], "pids"], env={}, cwd=pathlib.Path.cwd(), log=log)
sys.stdin.read()
"""


def is_alive(pid: int) -> bool:
    with suppress(OSError):
        os.kill(pid, 0)
        return (
            Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
            if Path("/proc").exists()
            else True
        )
    return False


def pids(folder: Path) -> list[int]:
    file = folder / "pids"
    until(file.exists, "the command to start")
    return [int(each) for each in file.read_text().split()]


def test_all_processes_of_a_command_end_with_it(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as log:
        process = guard.start(
            [sys.executable, "-c", PARENT_AND_CHILD, "pids"], env=environment(), cwd=tmp_path, log=log
        )
    started = pids(tmp_path)

    guard.end(process)

    until(lambda: not any(map(is_alive, started)), f"{started} to end")


def test_all_processes_of_a_command_end_when_the_process_group_of_the_tests_is_killed(tmp_path: Path) -> None:
    tests = str(Path(__file__).parents[2])
    with subprocess.Popen(
        [sys.executable, "-c", TEST, tests, PARENT_AND_CHILD],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        env=environment(),
        start_new_session=True,
    ) as process:
        started = pids(tmp_path)
        os.killpg(process.pid, signal.SIGKILL)

    until(lambda: not any(map(is_alive, started)), f"{started} to end")
