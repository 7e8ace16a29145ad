"""Several processes: started, replaced, stopped.  Each test runs a small program with its own supervisor."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from textwrap import dedent

PROLOGUE = """
import os, signal, sys
from trackside.cli.server import supervise

def say(*words):
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())  # in one piece: two processes write here

def leave(*_):
    say("leaves", os.getpid())
    os._exit(0)

def child(ready):
    signal.signal(signal.SIGTERM, leave)
    say("child", os.getpid())
    ready()
    while True:
        signal.pause()
"""


@contextmanager
def program(text: str) -> Iterator["subprocess.Popen[str]"]:
    source = PROLOGUE + dedent(text)
    with subprocess.Popen(
        [sys.executable, "-c", source],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def read(process: "subprocess.Popen[str]", count: int) -> list[str]:
    assert process.stdout is not None
    return [process.stdout.readline().strip() for _ in range(count)]


def test_children_are_started_announced_once_and_stopped_by_sigterm() -> None:
    with program("sys.exit(supervise.run(3, child, lambda: say('all ready')))") as process:
        *births, announced = read(process, 4)
        pids = {line.removeprefix("child ") for line in births}

        process.send_signal(signal.SIGTERM)
        rest, complaints = process.communicate(timeout=120)

    assert announced == "all ready"
    assert len(pids) == 3
    assert set(rest.split("\n")) == {f"leaves {pid}" for pid in pids} | {""}
    assert (process.returncode, complaints) == (0, "")


def test_a_killed_child_is_replaced() -> None:
    with program("sys.exit(supervise.run(2, child, lambda: say('all ready')))") as process:
        first, second, _ = read(process, 3)
        victim = int(first.removeprefix("child "))

        os.kill(victim, signal.SIGKILL)
        [born] = read(process, 1)
        process.send_signal(signal.SIGINT)
        rest, complaints = process.communicate(timeout=120)

    pids = {second.removeprefix("child "), born.removeprefix("child ")}
    assert born not in (first, second)
    assert set(rest.split("\n")) == {f"leaves {pid}" for pid in pids} | {""}
    assert complaints == f"trackside: worker {victim} was killed by SIGKILL; starting another\n"
    assert process.returncode == 0


def test_a_first_child_that_cannot_start_ends_the_supervisor_with_its_code_and_message() -> None:
    body = """
    from trackside.cli.output import Stop

    def fails(ready):
        raise Stop("the store is away")

    sys.exit(supervise.run(1, fails, lambda: say("never")))
    """
    with program(body) as process:
        said, complaints = process.communicate(timeout=120)

    assert (process.returncode, said, complaints) == (2, "", "trackside: the store is away\n")


def test_a_child_that_does_not_stop_is_killed() -> None:
    body = """
    def deaf(ready):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        ready()
        while True:
            signal.pause()

    sys.exit(supervise.run(1, deaf, lambda: say("all ready"), grace_s=0.2))
    """
    with program(body) as process:
        read(process, 1)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=120)

    assert process.returncode == 0


GATED = """
def gated(ready):
    signal.signal(signal.SIGTERM, leave)
    say("child", os.getpid())
    os.read(0, 1)
    ready()
    say("ready", os.getpid())
    while True:
        signal.pause()

sys.exit(supervise.run(2, gated, lambda: say("all ready")))
"""


def test_a_first_child_that_is_killed_before_the_second_is_ready_is_replaced() -> None:
    with program(GATED) as process:
        first = read(process, 1)[0].removeprefix("child ")
        let_through(process, 1)
        second = next(line for line in read(process, 2) if line.startswith("child ")).removeprefix("child ")

        os.kill(int(first), signal.SIGKILL)
        third = read(process, 1)[0].removeprefix("child ")
        let_through(process, 2)
        announced = read(process, 3)
        process.send_signal(signal.SIGTERM)
        rest, complaints = process.communicate(timeout=120)

    assert set(announced) == {f"ready {second}", f"ready {third}", "all ready"}
    assert set(rest.split("\n")) == {f"leaves {second}", f"leaves {third}", ""}
    assert complaints == f"trackside: worker {first} was killed by SIGKILL; starting another\n"
    assert process.returncode == 0


def test_a_first_child_that_is_killed_before_it_is_ready_ends_the_supervisor() -> None:
    with program(GATED) as process:
        first = read(process, 1)[0].removeprefix("child ")

        os.kill(int(first), signal.SIGKILL)
        said, complaints = process.communicate(timeout=120)

    assert (process.returncode, said) == (1, "")
    assert complaints == f"trackside: worker {first} was killed by SIGKILL before it was ready\n"


def let_through(process: "subprocess.Popen[str]", count: int) -> None:
    assert process.stdin is not None
    process.stdin.write("x" * count)
    process.stdin.flush()
