"""The staging folders of a local store, for files that are not complete yet.

Each process locks a folder of its own, so that a start can remove the files of killed processes but not those of running ones.
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
    """The staging folder of this process.  Names are relative to the open `folder`."""

    def __init__(self, above: Path) -> None:
        disk.make_folder(above)
        while True:
            path = above / secrets.token_hex(8)
            path.mkdir(mode=disk.PRIVATE_FOLDER)
            try:
                folder = os.open(path, OPEN_FOLDER)
            except FileNotFoundError:  # another start removed the folder before it was opened
                continue
            # On a file system without locks, no other process can lock and remove the folder.
            with suppress(OSError):
                fcntl.flock(folder, fcntl.LOCK_EX)
            if path.exists():
                break
            os.close(folder)  # another start removed the folder before it was locked
        self.folder = folder
        self.path = path

    def remove(self, name: str) -> None:
        """Delete a file, or a folder with its contents, if it exists."""
        try:
            os.unlink(name, dir_fd=self.folder)
        except FileNotFoundError:
            return
        except (IsADirectoryError, PermissionError):  # Linux, macOS
            shutil.rmtree(name, dir_fd=self.folder, ignore_errors=True)

    def close(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self.folder)
        with suppress(OSError):  # another process has a folder there
            self.path.parent.rmdir()


def sweep(above: Path) -> None:
    """Remove the folders of processes that have ended."""
    try:
        left = list(above.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return
    for path in left:
        try:
            folder = os.open(path, OPEN_FOLDER | os.O_NOFOLLOW)
        except OSError:  # removed by another start
            continue
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path, ignore_errors=True)
        except OSError:  # its process is running, or this is unknown
            continue
        finally:
            os.close(folder)
