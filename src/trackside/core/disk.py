"""Files and names that a power cut does not take back.  Knows fsync; knows no file's content."""

import os
from pathlib import Path


def settle(unfinished: Path, target: Path) -> None:
    """Gives a file that is whole its name, with both on the disk.  Raises OSError."""
    with unfinished.open("rb") as file:
        os.fsync(file.fileno())
    unfinished.replace(target)
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """The names in it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
