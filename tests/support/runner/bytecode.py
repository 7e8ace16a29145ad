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

_BY_HASH = (3).to_bytes(4, "little")  # checked by the hash of the source
_HEAD_BYTES = 16


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
    """Return whether what pytest kept was made from this text: it keeps the hash of a source, as PEP 552 says."""
    plain = Path(importlib.util.cache_from_source(path))
    head = importlib.util.MAGIC_NUMBER + _BY_HASH + importlib.util.source_hash(path.read_bytes())
    return any(_head_of(each) == head for each in plain.parent.glob(f"{plain.stem}-pytest-*.pyc"))


def _head_of(kept: Path) -> bytes:
    with kept.open("rb") as file:
        return file.read(_HEAD_BYTES)
