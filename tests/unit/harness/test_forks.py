"""What makes servers of tests cheap: `support.processes.forks`."""

import subprocess
import sys
from pathlib import Path

from support.processes import forks

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


def test_a_forked_server_imports_nothing_of_trackside_itself(tmp_path: Path) -> None:
    """A third of all modules took 300 ms of the processor in each server of a test."""
    done = subprocess.run(
        [sys.executable, "-c", SOURCE, str(tmp_path), *forks.IMPORTED], capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == []
