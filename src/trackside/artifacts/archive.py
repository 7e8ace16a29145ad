"""A zip of a folder of artifacts, created while it is sent.

Files are stored uncompressed, since most artifacts are compressed already.  A file that is deleted meanwhile is left out.
"""

from collections.abc import Iterator, Sequence

from trackside.artifacts import keys
from trackside.artifacts.blobs import Blobs, Entry
from trackside.core.errors import NotFound, TooLarge

MAX_FILES = 10_000
MAX_BYTES = 20 << 30
_BIG = (1 << 31) - 1  # larger files need zip64
_FIRST_YEAR = (1980, 1, 1, 0, 0, 0)


class _Pipe:
    """A file for `zipfile` to write to, without seeking."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.size = 0

    def write(self, data: bytes, /) -> int:
        self._parts.append(bytes(data))
        self.size += len(data)
        return len(data)

    def flush(self) -> None: ...

    def close(self) -> None: ...

    def take(self) -> bytes:
        taken, self._parts, self.size = b"".join(self._parts), [], 0
        return taken


def files(blobs: Blobs, folder: str) -> list[Entry]:
    """Return the files below a folder, by name.  Raise NotFound if there are none, TooLarge if they exceed the limits of a
    zip."""
    found: list[Entry] = []
    size = 0
    for entry in blobs.walk(folder):
        if entry.is_folder:
            continue
        found.append(entry)
        size += entry.size_bytes
        if len(found) > MAX_FILES:
            raise TooLarge(f"The folder has more than {MAX_FILES} files; download its folders one by one").because(
                "folder-too-large"
            )
        if size > MAX_BYTES:
            raise TooLarge(f"The folder has more than {MAX_BYTES >> 30} GiB; download its files one by one").because(
                "folder-too-large"
            )
    if not found:
        raise NotFound(f"There is no folder with files at {folder!r}")
    return sorted(found, key=lambda entry: entry.path)


def pieces(blobs: Blobs, folder: str, wanted: Sequence[Entry]) -> Iterator[bytes]:
    """Yield the zip in pieces of about the size in which the store returns files."""
    import zipfile  # noqa: PLC0415  # few need it, and a start loads this module

    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as archive:
        for entry in wanted:
            try:
                download = blobs.open(keys.join(folder, entry.path))
            except NotFound:
                continue
            try:
                about = zipfile.ZipInfo(entry.path, _FIRST_YEAR)
                is_big = download.stat.size_bytes > _BIG
                with archive.open(about, "w", force_zip64=is_big) as member:
                    for chunk in download.chunks():
                        member.write(chunk)
                        yield pipe.take()
            finally:
                download.close()
    yield pipe.take()
