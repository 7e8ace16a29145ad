"""The types that the web UI is compiled against are those of this server."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_committed_types_are_those_of_the_openapi_document() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "web" / "build.py", "types-check"], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
