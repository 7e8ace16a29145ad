"""Bring the code of a project into a folder: from the archive that a client sent, or by git."""

import shutil
import tarfile
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
    count = size = 0
    try:
        with tarfile.open(packed, "r:gz") as archive:
            for member in archive:
                running.check()
                count += 1
                size += member.size
                if count > MAX_FILES or size > MAX_BYTES:
                    raise Invalid(f"The project has more than {MAX_FILES} files or {MAX_BYTES >> 20} MiB.")
                archive.extract(member, folder, filter="data")
    except (tarfile.TarError, EOFError, OSError) as fault:
        raise Invalid(f"The file {ARCHIVE} of the run cannot be unpacked: {fault}") from None


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
