"""Artifacts in a local folder.

A file is written in the staging folder, `.uploads` at the root, and renamed to its key, which makes it visible.  A deleted file
or folder is renamed into the staging folder first.
"""

import errno
import fcntl
import math
import os
import secrets
import stat as modes
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from operator import attrgetter
from pathlib import Path

from trackside.artifacts import folders, keys
from trackside.artifacts.blobs import PIECE_BYTES, Entry, Folder, Stat
from trackside.artifacts.staging import OPEN_FOLDER, Staging, sweep
from trackside.core import disk
from trackside.core.errors import Fault, Invalid, NotFound, Unavailable

STAGING = ".uploads"

# A FIFO in the folder must not block the server until another process writes to it.
_OPEN_FILE = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
_OPEN_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
_MISSING = {errno.ENOENT, errno.ENOTDIR}
_IMPOSSIBLE_NAME = {errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL, errno.EILSEQ}
_IN_THE_WAY = {errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENOTEMPTY}
_FLUSH_BYTES = 8 << 20
GLANCED, GLANCE_S = 200, 0.002  # limits of entries and time for a listing on the event loop
_TRIES = 100  # attempts to place a file in a folder that others delete concurrently
_MAX_VECTOR = 512  # below every system's IOV_MAX


class LocalBlobs:
    """`durable`: commits and deletions survive a power failure, and not only the end of the process.

    Raise OSError if the root cannot be resolved, for example below a link that is being replaced."""

    def __init__(self, root: Path, *, durable: bool = True) -> None:
        self._tree = _Tree(os.path.realpath(root), durable=durable)

    @property
    def root(self) -> str:
        """Return the real path of the folder."""
        return self._tree.root

    def create(self, key: str) -> "LocalUpload":
        path = self._tree.path(_no_root(key))
        with _writing(key):
            return LocalUpload(self._tree, key, path)

    def open(self, key: str) -> "LocalDownload":
        path = self._tree.path(key)
        with _reading(key):
            file = os.open(path, _OPEN_FILE)
            try:
                self._tree.check_inside(file, path)
                return LocalDownload(key, file)
            except BaseException:
                os.close(file)
                raise

    def stat(self, key: str) -> Stat:
        download = self.open(key)
        download.close()
        return download.stat

    def entries(self, folder: str) -> list[Entry]:
        return sorted(self._read(folder).entries, key=attrgetter("path"))

    def glance(self, folder: str, limit_s: float = GLANCE_S) -> list[Entry] | None:
        """Return the result of `entries`, for callers on the event loop; None if the folder is large or slow to read."""
        found = self._read(folder, GLANCED, time.monotonic() + limit_s)
        return sorted(found.entries, key=attrgetter("path")) if found.is_whole else None

    def walk(self, folder: str) -> Iterator[Entry]:
        found = self._read(folder)
        for entry in found.entries:
            if not entry.is_folder:
                yield entry
            elif entry.path not in found.links:  # a link may point to a parent folder
                for below in self.walk(keys.join(folder, entry.path)):
                    yield Entry(keys.join(entry.path, below.path), is_folder=False, size_bytes=below.size_bytes)

    def delete(self, key: str) -> bool:
        path = self._tree.path(_no_root(key))
        is_found = True
        with _writing(key):
            try:
                self._tree.discard(path)
            except (FileNotFoundError, NotADirectoryError):
                is_found = False
            # Also of a missing key: a process that was killed after `discard` left the empty folders.
            self._tree.prune(os.path.split(path)[0])
        return is_found

    def move(self, key: str, to: str) -> None:
        source, target = self._tree.path(_no_root(key)), self._tree.path(_no_root(to))
        self.stat(key)
        with _writing(to):
            if os.path.lexists(target):
                raise Invalid(f"Invalid path: '{to}' already exists")
            self._tree.rename(source, target)
            self._tree.prune(os.path.split(source)[0])

    def prepare(self) -> None:
        """Create the folder and remove the staged files of killed processes.  To be called once, at the start."""
        disk.make_folder(Path(self._tree.root))
        sweep(self._tree.staging)

    def close(self) -> None:
        self._tree.close()

    def is_on(self, path: Path) -> bool:
        """Return whether the folder and `path` are on the same file system, so that a hang affects both."""
        try:
            return Path(self._tree.root).stat().st_dev == path.stat().st_dev
        except OSError:
            return False

    def _read(self, folder: str, most: float = math.inf, until: float = math.inf) -> folders.Content:
        """Read a folder: at most `most` entries, until the time `until` of `time.monotonic`."""
        path = self._tree.path(folder)
        try:
            with _reading(folder):
                opened = self._tree.open_folder(path)
        except NotFound:
            return folders.Content([], set())
        with _reading(folder):
            try:
                without = STAGING if path == self._tree.root else ""
                return folders.read(opened, path, self._tree.may_follow, without=without, most=most, until=until)
            finally:
                os.close(opened)


class LocalUpload:
    def __init__(self, tree: "_Tree", key: str, path: str) -> None:
        self._tree = tree
        self._key = key
        self._path = path
        self._staging, self._name, self._file = tree.new_file()
        self._size = self._flushed = 0
        self._ended = False
        # `abort` may be called while another thread writes, and must not close the descriptor in use.
        self._lock = threading.Lock()

    def write(self, chunks: Sequence[bytes]) -> None:
        with self._lock, _writing(self._key):
            self._check_open()
            self._size += _write_all(self._file, chunks)
            if self._tree.durable and self._size - self._flushed >= _FLUSH_BYTES:
                _begin_flush(self._file, self._flushed, self._size)
                self._flushed = self._size

    def commit(self) -> Stat:
        with self._lock, _writing(self._key):
            self._check_open()
            # The kernel's timestamps have steps of a few ms: two versions might have the same one, and the same ETag.
            now = time.time_ns()
            os.utime(self._file, ns=(now, now))
            if self._tree.durable:
                os.fsync(self._file)
            stat = _stat(os.fstat(self._file))
            self._tree.place(self._staging, self._name, self._path)
            self._end()
            return stat

    def abort(self) -> None:
        with self._lock:
            if not self._ended:
                self._end()
                self._staging.remove(self._name)

    def _end(self) -> None:
        self._ended = True
        os.close(self._file)

    def _check_open(self) -> None:
        if self._ended:
            raise Unavailable(f"The upload of '{self._key}' has ended")


class LocalDownload:
    def __init__(self, key: str, file: int) -> None:
        found = os.fstat(file)
        if modes.S_ISDIR(found.st_mode):
            raise Folder(key)
        if not modes.S_ISREG(found.st_mode):
            raise NotFound(f"No such artifact: '{key}'")
        self.stat = _stat(found)
        self._key = key
        self._file = file
        self._closed = False
        self._lock = threading.Lock()

    def chunks(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        size = self.stat.size_bytes
        stop = size if stop is None else min(stop, size)
        while start < stop:
            with self._lock, _reading(self._key):
                if self._closed:
                    return
                chunk = os.pread(self._file, min(PIECE_BYTES, stop - start), start)
            if not chunk:
                raise Unavailable(f"Artifact '{self._key}' became shorter while it was read")
            start += len(chunk)
            yield chunk

    def close(self) -> None:
        with self._lock:
            if not self._closed:
                self._closed = True
                os.close(self._file)


class _Tree:
    """File operations in the folder, which are atomic and never leave it."""

    def __init__(self, root: str, *, durable: bool) -> None:
        self.root = root
        self.durable = durable
        self.staging = Path(root) / STAGING
        self._staging: Staging | None = None
        self._lock = threading.Lock()

    def path(self, key: str) -> str:
        if keys.checked(key).partition("/")[0].casefold() == STAGING:
            raise Invalid(f"Invalid path: the name '{STAGING}' is reserved")
        return f"{self.root}/{key}" if key else self.root

    def is_inside(self, real_path: str) -> bool:
        return real_path == self.root or real_path.startswith(self.root.rstrip("/") + "/")

    def may_follow(self, path: str, real_path: str) -> bool:
        """Return whether the target of a symbolic link is in the root, in the part of the same workspace."""
        return real_path == path or (
            self.is_inside(real_path) and keys.part(self._key(real_path)) == keys.part(self._key(path))
        )

    def check_inside(self, file: int, path: str) -> None:
        """Refuse a symbolic link with a target outside of the root, or in another workspace's part of it."""
        if not self.may_follow(path, _real_path(file, path)):
            raise Invalid("Invalid path")

    def _key(self, path: str) -> str:
        return path[len(self.root) :].strip("/")

    def open_folder(self, path: str) -> int:
        folder = os.open(path, OPEN_FOLDER)
        try:
            self.check_inside(folder, path)
        except BaseException:
            os.close(folder)
            raise
        return folder

    def make_folder(self, path: str) -> int:
        """Return the open folder, after creating it and missing parents."""
        with suppress(FileNotFoundError):
            return self.open_folder(path)
        if path == self.root:
            raise Unavailable("The folder of the artifact store is not there; is its disk mounted?")
        parent, name = os.path.split(path)
        above = self.make_folder(parent)
        try:
            with suppress(FileExistsError):
                os.mkdir(name, disk.PRIVATE_FOLDER, dir_fd=above)
            if self.durable:
                os.fsync(above)
        finally:
            os.close(above)
        return self.open_folder(path)

    def new_file(self) -> tuple[Staging, str, int]:
        """Create a staged file, and return its folder, name and descriptor."""
        name = secrets.token_hex(8)
        staging = self._stage()
        try:
            return staging, name, os.open(name, _OPEN_NEW, disk.PRIVATE_FILE, dir_fd=staging.folder)
        except FileNotFoundError:  # the staging folder was deleted
            self.close()
            staging = self._stage()
            return staging, name, os.open(name, _OPEN_NEW, disk.PRIVATE_FILE, dir_fd=staging.folder)

    def place(self, staging: Staging, name: str, path: str) -> None:
        """Make a staged file visible at `path`."""
        parent, last = os.path.split(path)
        for tries_left in reversed(range(_TRIES)):
            with suppress(FileNotFoundError) if tries_left else nullcontext():  # the folder was deleted meanwhile
                folder = self.make_folder(parent)
                try:
                    os.rename(name, last, src_dir_fd=staging.folder, dst_dir_fd=folder)
                    if self.durable:
                        os.fsync(folder)
                    return
                finally:
                    os.close(folder)

    def rename(self, path: str, to: str) -> None:
        (above, name), (target, last) = os.path.split(path), os.path.split(to)
        source = self.open_folder(above)
        try:
            folder = self.make_folder(target)
            try:
                os.rename(name, last, src_dir_fd=source, dst_dir_fd=folder)
                if self.durable:
                    os.fsync(folder)
                    os.fsync(source)
            finally:
                os.close(folder)
        finally:
            os.close(source)

    def discard(self, path: str) -> None:
        """Move a file or a folder atomically to the staging folder, then delete it."""
        parent, last = os.path.split(path)
        folder = self.open_folder(parent)
        staging, name = self._stage(), secrets.token_hex(8)
        try:
            os.rename(last, name, src_dir_fd=folder, dst_dir_fd=staging.folder)
            if self.durable:
                os.fsync(folder)
        finally:
            os.close(folder)
        staging.remove(name)

    def prune(self, path: str) -> None:
        """Remove an empty folder, and parents that become empty.  A file that is added meanwhile creates them again."""
        while path != self.root:
            parent, last = os.path.split(path)
            try:
                folder = self.open_folder(parent)
                try:
                    os.rmdir(last, dir_fd=folder)
                finally:
                    os.close(folder)
            except OSError:  # the folder has other files, or does not exist
                return
            path = parent

    def close(self) -> None:
        with self._lock:
            if self._staging is not None:
                self._staging.close()
                self._staging = None

    def _stage(self) -> Staging:
        with self._lock:
            if self._staging is None:
                if os.path.realpath(self.staging) != str(self.staging):
                    raise Invalid("Invalid path")
                sweep(self.staging)  # a root that was not prepared is swept at the first write
                staging = Staging(self.staging)
                if not self.is_inside(_real_path(staging.folder, str(staging.path))):  # the root was replaced meanwhile
                    staging.close()
                    raise Invalid("Invalid path")
                self._staging = staging
            return self._staging


@contextmanager
def _reading(key: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _MISSING:
            raise NotFound(f"No such artifact: '{key}'") from None
        raise _fault(key, error, "read") from error


@contextmanager
def _writing(key: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _IN_THE_WAY:
            raise Invalid(f"Invalid path: '{key}' is a folder, or lies below a file") from None
        raise _fault(key, error, "write") from error


def _fault(key: str, error: OSError, doing: str) -> Fault:
    if error.errno in _IMPOSSIBLE_NAME:
        return Invalid(f"Invalid path: '{key}' is not a valid file name in this store ({error.strerror})")
    return Unavailable(f"The artifact store cannot {doing} '{key}': {error.strerror}")


def _no_root(key: str) -> str:
    if key == "":
        raise Invalid("Invalid path: the path names no file")
    return key


def _write_all(file: int, chunks: Sequence[bytes]) -> int:
    size = 0
    for first in range(0, len(chunks), _MAX_VECTOR):
        some = chunks[first : first + _MAX_VECTOR]
        written, wanted = os.writev(file, some), sum(map(len, some))
        size += wanted
        if written < wanted:  # a signal, or a full disk: the next write reports it
            rest = memoryview(b"".join(some))[written:]
            while rest:
                rest = rest[os.write(file, rest) :]
    return size


def _begin_flush(file: int, start: int, stop: int) -> None:
    """Start the write-back to disk, so that the final fsync is short: Linux writes dirty pages when advised."""
    if sys.platform == "linux":
        os.posix_fadvise(file, start, stop - start, os.POSIX_FADV_DONTNEED)


def _stat(found: os.stat_result) -> Stat:
    return Stat(
        size_bytes=found.st_size,
        modified_ms=found.st_mtime_ns // 1_000_000,
        etag=f"{found.st_mtime_ns:x}-{found.st_size:x}-{found.st_ino:x}",
    )


def _real_path(file: int, path: str) -> str:
    """Return the path of an open file with every symbolic link resolved."""
    try:
        if sys.platform == "darwin":
            return fcntl.fcntl(file, fcntl.F_GETPATH, bytes(1024)).rstrip(b"\0").decode()
        return os.readlink(f"/proc/self/fd/{file}")  # noqa: PTH115  # called for every file: a Path costs more than it
    except OSError:  # no /proc on this system
        return os.path.realpath(path)
