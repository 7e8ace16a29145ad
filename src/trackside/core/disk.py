"""Creates private files and folders, whatever the umask, and syncs their names to the disk."""

import os
import stat
from contextlib import suppress
from pathlib import Path

PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700


def make_folder(path: Path) -> None:
    """Create a folder and its missing parents.  An existing folder keeps its mode, which its owner chose."""
    if not path.is_dir():
        if not path.parent.exists():
            make_folder(path.parent)
        path.mkdir(
            mode=PRIVATE_FOLDER, exist_ok=True
        )  # another process may have created it; a file at this path is an error


def create(path: Path) -> int:
    """Return the descriptor of a new, empty file, open for writing.  Raise FileExistsError if the name is taken."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE_FILE)


def make_private(path: Path, mode: int = PRIVATE_FILE) -> None:
    """Remove the permissions of other users.  Group permissions were set on purpose and stay; a file of another user is not
    changed."""
    with suppress(FileNotFoundError, PermissionError):
        found = path.stat()
        if found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) & stat.S_IRWXO:
            path.chmod(mode)


def settle(unfinished: Path, target: Path) -> None:
    """Rename a complete file to its target, and sync both to the disk.  Raises OSError."""
    with unfinished.open("rb") as file:
        os.fsync(file.fileno())
    unfinished.replace(target)
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Sync the names in a folder to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
