"""Measure the artifact stores without HTTP: a folder by plain system calls, compared with obstore.

    .venv/bin/python bench/store/artifact_stores.py [--folder DIR] [--repeat 3]

Prints, for each store and repetition, MiB/s for one file of 256 MiB in pieces of 1 MiB, and files/s for 2,000 files of
10 KiB from 8 threads.  The first repetition may include the first use of memory pages.
"""

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from obstore.store import LocalStore

from trackside.artifacts.blobs import Blobs, get, put
from trackside.artifacts.cloud import CloudBlobs
from trackside.artifacts.local import LocalBlobs

PIECE = os.urandom(1 << 20)
PIECES = 256
FILES = 2000
STORES: dict[str, Callable[[Path], Blobs]] = {
    "obstore, never synced": lambda folder: CloudBlobs(LocalStore(folder)),
    "folder, relaxed": lambda folder: LocalBlobs(folder, durable=False),
    "folder, full": lambda folder: LocalBlobs(folder, durable=True),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", help="where to make the stores (default: the system's temporary folder)")
    parser.add_argument("--repeat", type=int, default=3)
    chosen = parser.parse_args()
    print(f"{'':24}{'large in':>10}{'large out':>10}{'small in':>10}{'small out':>10}")
    for _ in range(chosen.repeat):
        for name, make in STORES.items():
            folder = Path(tempfile.mkdtemp(dir=chosen.folder))
            blobs = make(folder)
            try:
                print(f"{name:24}" + "".join(f"{rate:10,.0f}" for rate in measure(blobs)))
            finally:
                blobs.close()
                shutil.rmtree(folder)


def measure(blobs: Blobs) -> list[float]:
    def write(number: int) -> None:
        put(blobs, f"small/{number}", [[PIECE[:10240]]])

    def read(number: int) -> None:
        get(blobs, f"small/{number}")

    def read_large() -> None:
        download = blobs.open("large")
        for _ in download.chunks():
            pass
        download.close()

    with ThreadPoolExecutor(8) as threads:
        return [
            PIECES / seconds(lambda: put(blobs, "large", ([PIECE] for _ in range(PIECES)))),
            PIECES / seconds(read_large),
            FILES / seconds(lambda: list(threads.map(write, range(FILES)))),
            FILES / seconds(lambda: list(threads.map(read, range(FILES)))),
        ]


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
