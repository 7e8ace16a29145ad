"""The bytecode of tests, where several processes will run them: made once, and not by each of them.

pytest rewrites the assertions of each file that it imports.  For all files that takes ten seconds of a processor, and
processes that begin side by side would each do it.
"""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parents[2]
FEW = 100  # files that each process may rewrite as well


def prepare() -> None:
    """Rewrite the files of tests that have changed since they last ran, if they are many."""
    files = sorted(path for path in TESTS.rglob("*.py") if path.name == "conftest.py" or path.name.startswith("test_"))
    changed = [path for path in files if not is_rewritten(path)]
    if len(changed) <= FEW or sys.dont_write_bytecode:
        return
    at_once = os.cpu_count() or 1
    collecting = [
        subprocess.Popen(
            [sys.executable, "-m", "pytest", "--collect-only", "-q", "-n", "0", "-p", "no:cacheprovider", *share],
            cwd=TESTS.parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # what is wrong with a file is told by those that run it
            stderr=subprocess.DEVNULL,
        )
        for share in (changed[at::at_once] for at in range(at_once))
    ]
    for each in collecting:
        each.wait()


def is_rewritten(path: Path) -> bool:
    plain = Path(importlib.util.cache_from_source(path))
    changed_at = path.stat().st_mtime
    return any(each.stat().st_mtime >= changed_at for each in plain.parent.glob(f"{plain.stem}-pytest-*.pyc"))
