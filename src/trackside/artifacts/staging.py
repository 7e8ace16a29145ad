"""The staging folders of a local store, for files that are not complete yet.

Each process has a folder of its own and holds a lock on it, so that a start can remove the leftovers of killed processes without
touching those of living ones.
"""

import fcntl
import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path

from trackside.core import disk

OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


class Staging:
    """This process's folder, open: names are relative to `folder`."""

    def __init__(self, above: Path) -> None:
        disk.make_folder(above)
        while True:
            path = above / secrets.token_hex(8)
            path.mkdir(mode=disk.PRIVATE_FOLDER)
            try:
                folder = os.open(path, OPEN_FOLDER)
            except FileNotFoundError:  # swept before it was opened
                continue
            with suppress(OSError):  # a file system without locks: then no other process can lock and remove it either
                fcntl.flock(folder, fcntl.LOCK_EX)
            if path.exists():
                break
            os.close(folder)  # swept before it was locked
        self.folder = folder
        self.path = path

    def remove(self, name: str) -> None:
        """A file, or a folder with all that is in it; or nothing, if it is gone."""
        try:
            os.unlink(name, dir_fd=self.folder)
        except FileNotFoundError:
            return
        except (IsADirectoryError, PermissionError):  # Linux, macOS
            shutil.rmtree(name, dir_fd=self.folder, ignore_errors=True)

    def close(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self.folder)
        with suppress(OSError):  # another process stages there too
            self.path.parent.rmdir()


def sweep(above: Path) -> None:
    """Remove what processes left that are no more."""
    try:
        left = list(above.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return
    for path in left:
        try:
            folder = os.open(path, OPEN_FOLDER | os.O_NOFOLLOW)
        except OSError:  # swept by another start
            continue
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path, ignore_errors=True)
        except OSError:  # its process lives, or that is unknown
            continue
        finally:
            os.close(folder)
