"""Measure the CPU time of reading a folder of artifacts, and the part of it that the system's calls take.

    python bench/calls/folder_listing.py [--files 50] [--rounds 9]

Each figure is the least of the rounds, in microseconds of CPU time of the thread.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from trackside.artifacts.local import LocalBlobs

CALLS = 300  # in a round
KEY = "1/run/artifacts"


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--files", type=int, default=50)
    words.add_argument("--rounds", type=int, default=9)
    chosen = words.parse_args()
    with tempfile.TemporaryDirectory() as root:
        blobs = LocalBlobs(Path(root))
        blobs.prepare()
        folder = Path(root) / KEY
        folder.mkdir(parents=True)
        for n in range(chosen.files):
            (folder / f"file-{n:03}.txt").write_text("x" * 100)
        print(f"listing: {least_us(lambda: blobs.entries(KEY), chosen.rounds):.0f}")
        print(f"scandir and stat alone: {least_us(lambda: sizes(folder), chosen.rounds):.0f}")
        print(f"scandir alone: {least_us(lambda: names(folder), chosen.rounds):.0f}")
        blobs.close()


def sizes(folder: Path) -> list[int]:
    with os.scandir(folder) as found:
        return [one.stat().st_size for one in found]


def names(folder: Path) -> list[str]:
    with os.scandir(folder) as found:
        return [one.name for one in found]


def least_us(call: Callable[[], object], rounds: int) -> float:
    found = []
    for _ in range(rounds):
        start = time.thread_time()
        for _ in range(CALLS):
            call()
        found.append((time.thread_time() - start) / CALLS * 1e6)
    return min(found)


if __name__ == "__main__":
    main()
