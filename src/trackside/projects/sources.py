"""Fetches the code of a project into a folder: from the archive that a client sent, or by git."""

import gzip
import shutil
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path

from trackside.artifacts.roots import Roots
from trackside.artifacts.store import Root
from trackside.core import disk
from trackside.core.errors import Invalid
from trackside.jobs.executors.port import Command
from trackside.jobs.running import ChildFailed, Running
from trackside.projects.model import ARCHIVE, Project
from trackside.workspaces.model import Workspace

MAX_FILES = 20_000
MAX_BYTES = 1 << 30
MAX_HEADERS_BYTES = 1 << 20  # of one member
# No hooks, no prompts, no protocol but those that --project-sources may name.
_GIT = ("-c", "core.hooksPath=/dev/null", "-c", "protocol.allow=never", "-c", "protocol.https.allow=always")
_OF_GIT = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_ASKPASS": "/bin/false",
}


def from_archive(roots: Roots, root: Root, workspace: Workspace, folder: Path, running: Running) -> None:
    """Unpack the archive of the run, without links that lead out of the folder.  Raise Invalid for one that is too large."""
    spot = roots.of(root, ARCHIVE, workspace)
    packed = folder.with_name(ARCHIVE)
    download = spot.blobs.open(spot.key)
    try:
        with packed.open("wb") as file:
            for chunk in download.chunks():
                running.check()
                file.write(chunk)
    finally:
        download.close()
    shutil.rmtree(folder, ignore_errors=True)
    disk.make_folder(folder)
    unpack(packed, folder, running.check)


def unpack(packed: Path, folder: Path, check: Callable[[], None]) -> None:
    """Unpack a gzipped tar archive into an empty folder; `check` is called before each member and may raise.

    Raise Invalid for an archive that is damaged, too large, or has a member that leads out of the folder."""
    count = size = 0
    try:
        with _Bounded(packed) as plain, tarfile.open(fileobj=plain, mode="r:") as archive:
            for member in archive:
                check()
                if member.size < 0:
                    raise tarfile.ReadError(f"the size of {member.name[:200]!r} is negative")
                count += 1
                size += member.size
                if count > MAX_FILES or size > MAX_BYTES:
                    raise Invalid(f"The project has more than {MAX_FILES} files or {MAX_BYTES >> 20} MiB.")
                plain.allow(member.size if member.isreg() else 0, "the file is larger than its header says")
                archive.extract(member, folder, filter="data")
                plain.allow(*_HEADERS)
    except _DAMAGES as fault:
        raise Invalid(f"The file {ARCHIVE} of the run cannot be unpacked: {fault}") from None


_HEADERS = (MAX_HEADERS_BYTES, f"the headers of a member have more than {MAX_HEADERS_BYTES} bytes")
# tarfile raises ValueError, OverflowError and KeyError for values of headers and for links to no member.
_DAMAGES = (
    *(tarfile.TarError, zlib.error, EOFError, OSError),
    *(RecursionError, ValueError, OverflowError, KeyError),
)


class _Bounded(gzip.GzipFile):
    """A gzipped file with a limit on the bytes that may be read.

    tarfile reads the headers of a member into memory at any size, and a sparse file or a link may write more than the size of its
    member."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.allow(*_HEADERS)

    def allow(self, size_bytes: int, otherwise: str) -> None:
        self._left, self._otherwise = size_bytes, otherwise

    def read(self, size: int | None = -1) -> bytes:
        if size is None or not 0 <= size <= self._left:
            raise tarfile.ReadError(self._otherwise)
        self._left -= size
        return super().read(size)


def from_git(params: Project, folder: Path, running: Running) -> None:
    """Fetch one version, without its history, in the sandbox.  Raise Invalid where git cannot."""
    shutil.rmtree(folder, ignore_errors=True)
    disk.make_folder(folder)
    is_local = params.git_uri.startswith("file://")
    allowed = (*_GIT, "-c", "protocol.file.allow=always", "-c", "safe.directory=*") if is_local else _GIT
    steps = (
        ("init", "--quiet"),
        ("fetch", "--quiet", "--depth", "1", "--no-tags", "--end-of-options", params.git_uri, params.version or "HEAD"),
        ("checkout", "--quiet", "--detach", "FETCH_HEAD"),
    )
    for step in steps:
        command = Command(
            argv=["git", *allowed, *step],
            folder=str(folder),
            readable=[params.git_uri.removeprefix("file://")] if is_local else [],
            environment=_OF_GIT,
            has_network=not is_local,
        )
        try:
            running.run(command)
        except ChildFailed as fault:
            version = f" at {params.version!r}" if params.version else ""
            raise Invalid(f"git cannot fetch {params.git_uri!r}{version}: {fault.message}") from None
