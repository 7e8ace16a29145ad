"""The locations that a scoring job may read and write: files of runs, and paths below the operator's --job-folders."""

import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from trackside.artifacts import keys
from trackside.artifacts.blobs import Download, Folder, put
from trackside.artifacts.roots import Spot
from trackside.core import disk
from trackside.core.errors import Denied, Invalid, NotFound
from trackside.registry.files import sources
from trackside.scoring.model import FORMATS

_HELP = "it must be runs:/RUN/PATH, or an absolute path below one of the server's --job-folders"
PIECE_BYTES = 1 << 20
_LOGS = ("_delta_log", "metadata")  # folders of a Delta or Iceberg table with its metadata
_HINTS = ("_last_checkpoint", "version-hint.text")  # may refer to files that were written after the copy began


class Folders:
    """The folders on the server's machine that jobs may use."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = [folder.resolve() for folder in folders]

    def checked(self, name: str, given: str) -> Path:
        """Return the real path of a local location.  Raise Denied for a path outside of the folders, Invalid for an invalid
        path."""
        text = given.removeprefix("file://")
        if not text.startswith("/") or "\0" in text:
            raise Invalid(f"{name} is {given[:200]!r}; {_HELP}")
        found = Path(text).resolve()
        if not any(found != folder and found.is_relative_to(folder) for folder in self._folders):
            raise Denied(f"{name} is {given[:200]!r}, which is below none of the server's --job-folders")
        return found


def run_of(place: str) -> tuple[str, str] | None:
    """Return the run id and the path of `runs:/RUN/PATH`; None for other locations.  Raise Invalid if the path is missing."""
    found = sources.run_path(place)
    if found is None:
        return None
    if not found[1]:
        raise Invalid(f"input is {place[:200]!r}; it names a run, and must name a file or a folder of it")
    return found


def local_files(path: Path, kind: str) -> list[Path]:
    """Return a file, or the files of a folder with the format's extension, by name.  Raise NotFound, Invalid."""
    if path.is_file():
        return [path]
    found = _with_extension(path, kind)
    if not found:
        raise Invalid(f"the folder {str(path)!r} has no file that ends in {FORMATS[kind]}")
    return found


def stream_files(path: Path, kind: str) -> list[Path]:
    """Return the files that a stream finds in its folder, by name; none if the first one is still to come.

    Raise NotFound, Invalid."""
    if path.is_file():
        raise Invalid(f"input is {str(path)!r}, which is a file; a stream reads a folder to which files are added")
    return [each for each in _with_extension(path, kind) if not each.name.startswith((".", "_"))]


def _with_extension(path: Path, kind: str) -> list[Path]:
    if not path.exists():
        raise NotFound(f"input is {str(path)!r}, which does not exist.")
    return sorted(each for each in path.iterdir() if each.is_file() and each.suffix.lower() == FORMATS[kind])


def local_table(path: Path) -> Path:
    """Return the folder of a Delta or Iceberg table, or the metadata file of an Iceberg table.  Raise NotFound, Invalid."""
    if not path.exists():
        raise NotFound(f"input is {str(path)!r}, which does not exist.")
    if not path.is_dir() and not path.name.endswith(".metadata.json"):
        raise Invalid(f"input is {str(path)!r}, which is a file; a table in format delta or iceberg is a folder")
    return path


def files_of(places: Iterable[Path]) -> list[Path]:
    """Return the files, and the files of folders, by name."""
    found: list[Path] = []
    for place in places:
        found += sorted(path for path in place.rglob("*") if path.is_file()) if place.is_dir() else [place]
    return found


def fetch(spot: Spot, kind: str, folder: Path, check: Callable[[], None]) -> list[Path]:
    """Download a file of a store, or the files of a folder, and return the copies by name.  Raise NotFound, Invalid."""
    shutil.rmtree(folder, ignore_errors=True)
    disk.make_folder(folder)
    try:
        download = spot.blobs.open(spot.key)
    except Folder:
        names = sorted(each.path for each in spot.blobs.entries(spot.key) if not each.is_folder)
        names = [name for name in names if PurePosixPath(name).suffix.lower() == FORMATS[kind]]
        if not names:
            raise Invalid(f"the folder {spot.key!r} has no file that ends in {FORMATS[kind]}") from None
        found = []
        for number, name in enumerate(names):
            found.append(_copy(spot.blobs.open(keys.join(spot.key, name)), folder / _name(name, number), check))
        return found
    return [_copy(download, folder / _name(PurePosixPath(spot.key).name, 0), check)]


def _name(name: str, number: int) -> str:
    """Return the name of a copy: the file's name, which messages show, without a first character that hides the file from
    Spark."""
    return f"{number:06d}{name}" if name.startswith((".", "_")) else name


def fetch_tree(spot: Spot, folder: Path, check: Callable[[], None]) -> Path:
    """Download all files of a folder of a store, metadata first, and return the copy.  Raise NotFound if there are none."""
    shutil.rmtree(folder, ignore_errors=True)
    disk.make_folder(folder)
    names = [each.path for each in spot.blobs.walk(spot.key) if PurePosixPath(each.path).name not in _HINTS]
    if not names:
        raise NotFound(f"The folder {spot.key!r} does not exist, or has no files.")
    for name in sorted(names, key=lambda name: (PurePosixPath(name).parts[0] not in _LOGS, name)):
        target = folder / keys.checked(name)
        disk.make_folder(target.parent)
        _copy(spot.blobs.open(keys.join(spot.key, name)), target, check)
    return folder


def put_file(spot: Spot, source: Path, check: Callable[[], None]) -> None:
    """Upload a local file to a store atomically."""

    def pieces() -> Iterator[list[bytes]]:
        with source.open("rb") as file:
            while piece := file.read(PIECE_BYTES):
                check()
                yield [piece]

    put(spot.blobs, spot.key, pieces())


def _copy(download: Download, target: Path, check: Callable[[], None]) -> Path:
    try:
        with target.open("wb") as file:
            for chunk in download.chunks():
                check()
                file.write(chunk)
    finally:
        download.close()
    return target
