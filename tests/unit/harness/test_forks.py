"""Cheap servers of tests: `support.processes.forks`."""

import subprocess
import sys
from pathlib import Path

import pytest

from support.processes import forks
from support.processes.ports import free_port

SOURCE = """
import sys
from importlib import import_module

for name in sys.argv[2:]:
    import_module(name)
imported = set(sys.modules)

from trackside import app
from trackside.core import settings

app.build(settings.load({"--data": sys.argv[1]}, {})).close()
print(*(name for name in set(sys.modules) - imported if name.startswith("trackside")))
"""

START = """
import sys
from importlib import import_module

from trackside.cli.main import main

for name in sys.argv[4:]:
    import_module(name)
imported = set(sys.modules)

main(["server", "--data", sys.argv[1], "--port", sys.argv[2], "--durability", sys.argv[3]])
print(*sorted(set(sys.modules) - imported))
"""


@pytest.mark.slow
def test_a_forked_server_imports_nothing_of_trackside_itself(tmp_path: Path) -> None:
    """The imports took 300 ms of CPU time in each server of a test."""
    done = subprocess.run(
        [sys.executable, "-c", SOURCE, str(tmp_path), *forks.IMPORTED], capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == []


@pytest.mark.slow
def test_a_forked_server_imports_nothing_to_start_and_end(tmp_path: Path) -> None:
    words = [str(tmp_path), str(free_port()), "relaxed", *forks.IMPORTED]

    with subprocess.Popen([sys.executable, "-c", START, *words], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        started = process.stdout.readline()
        process.terminate()
        imported = process.stdout.read().splitlines()[-1]

    assert ("listening" in started, imported) == (True, "")


def test_signalling_an_ended_child_has_no_effect() -> None:
    with subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE, text=True) as ended:
        ended.communicate()
        assert ended.stdout is not None
        child = forks.Forked(ended.pid, ended.stdout, None)

        child.kill()

        assert child.poll() is None
