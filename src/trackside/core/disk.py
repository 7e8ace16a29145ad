"""Files that only the server's user reads, whatever the umask, and names that a power cut does not take back."""

import os
import stat
from contextlib import suppress
from pathlib import Path

PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700


def make_folder(path: Path) -> None:
    """Make a folder and what is missing above it.  One that is there stays as it is: its owner chose its mode."""
    if not path.is_dir():
        if not path.parent.exists():
            make_folder(path.parent)
        path.mkdir(
            mode=PRIVATE_FOLDER, exist_ok=True
        )  # another process may be quicker; a file in its place is an error


def create(path: Path) -> int:
    """Return the descriptor of a new, empty file, open for writing.  Raise FileExistsError if the name is taken."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE_FILE)


def make_private(path: Path, mode: int = PRIVATE_FILE) -> None:
    """Close what everybody on the machine may read.  What only a group may read was opened to that group on purpose, and what
    belongs to another user is left to that user."""
    with suppress(FileNotFoundError, PermissionError):
        found = path.stat()
        if found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) & stat.S_IRWXO:
            path.chmod(mode)


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
