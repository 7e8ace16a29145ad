"""File locks (`flock`) that let only one server use a folder or a database file.

The kernel releases a lock when its process ends, so a file that is left behind has no effect. The content of the file
names the holder, and counts the starts: who holds the lock knows that the processes of earlier starts have ended. That holds
for the same file of the same file system since the same boot of the machine. A copy of the folder, a snapshot of its file
system, or a machine that was started again from a copy of its disk, is another folder.
"""

import errno
import fcntl
import os
import secrets
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from trackside.cli.output import Stop
from trackside.core import disk
from trackside.core.settings import Settings, SqliteStore

OWN_FILES = (  # or what begins so
    *("server.lock", "trackside.db", "secret.key", "artifacts", "backups", "imports", "endpoints"),
)


_BOOT = Path("/proc/sys/kernel/random/boot_id")  # of Linux; elsewhere each start is of another folder


class Folder(Struct, frozen=True):
    """A lock file since a boot of its machine."""

    id: str
    boot: str
    device: int
    inode: int


class Holder(Struct, frozen=True):
    pid: int
    port: int | None = None  # None during the start
    started: int = 0  # ms since 1970
    folder: Folder | None = None
    start: int = 0  # number of uses of the folder


class Place(Struct, frozen=True):
    """A folder or file that only one server may use at a time."""

    path: Path
    lock_file: Path
    flag: str = "--data"  # the option that chooses another


class Held(Exception):
    """Another process holds the lock of the folder or file `path`."""

    def __init__(self, path: Path, holder: Holder | None) -> None:
        super().__init__(path, holder)
        self.path = path
        self.holder = holder

    def __str__(self) -> str:
        if self.holder is None:
            return f"{self.path} is in use by another process"
        where = f"on port {self.holder.port}" if self.holder.port else "which has no port yet"
        return f"{self.path} is in use by the server with pid {self.holder.pid}, {where}"


class Lock:
    """Holds all locks until `release`, or until this process and its forks end.

    `start_id` is FOLDER.START, as in the names of lease holders (`core.work.leases`)."""

    def __init__(self, places: Iterable[Place]) -> None:
        self._started = time.time_ns() // 1_000_000
        self._handles: list[int] = []
        try:
            for place in places:
                self._handles.append(_take(place))
        except BaseException:
            self.release()
            raise
        self._folder, self._start = _next_start(self._handles[0])
        self.start_id = f"{self._folder.id}.{self._start}"
        self.describe(None)

    def describe(self, port: int | None) -> None:
        """Write pid and port of the holder into the lock files."""
        content = msgspec.json.encode(Holder(os.getpid(), port, self._started, self._folder, self._start))
        for handle in self._handles:
            os.pwrite(handle, content, 0)
            os.ftruncate(handle, len(content))

    def release(self) -> None:
        for handle in self._handles:
            os.close(handle)
        self._handles.clear()


def _next_start(handle: int) -> tuple[Folder, int]:
    boot, file = "", os.fstat(handle)
    with suppress(OSError):
        boot = _BOOT.read_text().strip()
    before = _parse(os.pread(handle, 4096, 0))
    if boot and before is not None and before.folder is not None:
        here = Folder(before.folder.id, boot, file.st_dev, file.st_ino)
        if here == before.folder:
            return here, before.start + 1
    return Folder(secrets.token_hex(8), boot, file.st_dev, file.st_ino), 1


def of_server(settings: Settings) -> Lock:
    """Take the locks of the data folder and the store.

    Also removes access of other users of the machine to files that an earlier release left readable.
    """
    try:
        lock = Lock(_places(settings))
        _close_to_others(settings.data)
        return lock
    except Held as held:
        raise Stop(f"{held}; stop that server, or use another --data and --store for this one") from None
    except OSError as fault:
        raise Stop(
            f"cannot write to {settings.data} ({fault.strerror}); free some space, or choose another folder with --data"
        ) from None


def _close_to_others(data: Path) -> None:
    """Restrict the mode of the folder, unless it holds files of other programs: then only Trackside's files are
    restricted."""
    inside = list(data.iterdir())
    if all(path.name.startswith(OWN_FILES) for path in inside):
        disk.make_private(data, disk.PRIVATE_FOLDER)
    for path in inside:
        if path.name.startswith(OWN_FILES):
            disk.make_private(path, disk.PRIVATE_FOLDER if path.is_dir() else disk.PRIVATE_FILE)


def find_holder(settings: Settings) -> Held | None:
    """Return the holder of one of the locks.  Takes each lock only for a moment."""
    for place in _places(settings):
        if place.lock_file.exists():
            try:
                os.close(_take(place))
            except Held as held:
                return held
    return None


def _places(settings: Settings) -> list[Place]:
    places = [Place(settings.data, settings.data / "server.lock")]
    store = settings.store
    if isinstance(store, SqliteStore):
        # The lock of a SQLite file is separate: servers with different data folders may name the same file.
        places.append(Place(store.path, store.path.with_name(store.path.name + ".lock"), "--store"))
    return places


def _take(place: Place) -> int:
    try:
        disk.make_folder(place.lock_file.parent)
        handle = os.open(place.lock_file, os.O_RDWR | os.O_CREAT, disk.PRIVATE_FILE)
    except OSError as fault:
        raise Stop(
            f"cannot write to {fault.filename} ({fault.strerror}); choose another place with {place.flag}"
        ) from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as fault:
        content = os.pread(handle, 4096, 0)
        os.close(handle)
        if fault.errno in (errno.EWOULDBLOCK, errno.EACCES):
            raise Held(place.path, _parse(content)) from None
        raise Stop(
            f"the file system of {place.lock_file} has no locks ({fault.strerror}); choose a local disk with {place.flag}"
        ) from None
    return handle


def _parse(content: bytes) -> Holder | None:
    try:
        return msgspec.json.decode(content, type=Holder)
    except msgspec.MsgspecError:
        return None
