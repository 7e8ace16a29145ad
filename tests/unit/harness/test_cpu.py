"""The CPU time that `--cpu` prints."""

import os
import subprocess
import sys

from support.runner.cpu import spent_s

BUSY = "import sys, time\nwhile time.process_time() < 0.3: pass\nprint(flush=True)\nsys.stdin.read()"


def test_the_cpu_time_of_children_counts_during_and_after_their_life() -> None:
    before = spent_s(os.getpid())

    with subprocess.Popen([sys.executable, "-c", BUSY], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        during = spent_s(os.getpid())
        child.communicate()

    assert during - before >= 0.25
    assert spent_s(os.getpid()) - before >= 0.25
