"""The folders of tests: in memory if there is space, since thousands of stores are created.

pytest decides what is kept of a failed run, and how long (`tmp_path_retention_policy` in pyproject.toml).
"""

import os
import shutil
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")  # pytest makes a folder of its own there, which it opens to nobody else
LEAST_FREE_BYTES = 6 << 30  # several times what a run takes


def choose(config: pytest.Config) -> None:
    """Let the folders of this run be made in memory, unless `--basetemp` or PYTEST_DEBUG_TEMPROOT says where."""
    if config.getoption("basetemp") or "PYTEST_DEBUG_TEMPROOT" in os.environ or not has_room():
        return
    os.environ["PYTEST_DEBUG_TEMPROOT"] = str(MEMORY)


def has_room() -> bool:
    """Return whether the file system in memory and the memory itself have room for a run."""
    try:
        return min(shutil.disk_usage(MEMORY).free, _available_bytes()) > LEAST_FREE_BYTES and os.access(MEMORY, os.W_OK)
    except OSError:  # another system than Linux
        return False


def _available_bytes() -> int:
    for line in Path("/proc/meminfo").read_text().splitlines():
        name, _, amount = line.partition(":")
        if name == "MemAvailable":
            return int(amount.split()[0]) << 10
    return 0
