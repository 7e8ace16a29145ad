"""Receives large files in parts, so that an interrupted transfer continues.

Parts are files of the same store, in a folder that no client can read and whose name no workspace can have.  Each part is stored
whole or not at all, so stored parts are valid after a crash.  The file is created from the parts when all have arrived and its
checksum is correct.  A later version of a file replaces the parts of an earlier one.  Parts of abandoned transfers are removed
after a week.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence

from trackside.artifacts import keys
from trackside.artifacts.blobs import Blobs, Stat, get, put
from trackside.core.errors import NotFound

PART_BYTES = 16 << 20  # an interrupted transfer repeats at most this much
MAX_PART_BYTES = 4 * PART_BYTES
FOLDER = f"{keys.WORKSPACES}/.parts"
MAX_AGE_MS = 7 * 86_400_000
_ETAG = "etag"
_NOTE = "note"


class WrongSum(Exception):
    """The parts do not have the announced size or checksum."""


class ResumableUpload:
    """`what` identifies the file and its sender; `version` differs whenever its bytes differ."""

    def __init__(self, blobs: Blobs, what: Sequence[str], version: str) -> None:
        self._blobs = blobs
        self._above = f"{FOLDER}/{_digest(what)}"
        self._version = _digest([version])

    def begin(self) -> int:
        """Remove the parts of other versions.  Return the number of received bytes, from the beginning of the file."""
        for entry in self._blobs.entries(self._above):
            if entry.path != self._version:
                self._blobs.delete(f"{self._above}/{entry.path}")
        return self.size()

    def size(self) -> int:
        found = {entry.path: entry.size_bytes for entry in self._blobs.entries(self._key())}
        at = 0
        while size := found.get(_name(at)):
            at += size
        return at

    def key(self, start: int) -> str:
        """Return the key of the part that begins at that byte."""
        return self._key(_name(start))

    def add(self, start: int, pieces: Iterable[bytes]) -> None:
        put(self._blobs, self.key(start), ([piece] for piece in pieces))

    @property
    def etag(self) -> str:
        """Return the sender's ETag of the version; empty if it was not stored."""
        try:
            return get(self._blobs, self._key(_ETAG)).decode()
        except NotFound:
            return ""

    def note_etag(self, etag: str) -> None:
        put(self._blobs, self._key(_ETAG), [[etag.encode()]])

    def join(self, key: str, size_bytes: int, sha256: str) -> tuple[Stat, str]:
        """Create the file from its parts, remove these, and return the file and its SHA-256.

        Raise WrongSum if the file has another size, or another SHA-256 than a non-empty `sha256`."""
        if self.size() != size_bytes:
            raise WrongSum(f"{self.size()} of {size_bytes} bytes have arrived")
        digest = hashlib.sha256()
        upload = self._blobs.create(key)
        try:
            for piece in self._pieces():
                digest.update(piece)
                upload.write([piece])
            if sha256 and digest.hexdigest() != sha256:
                self.forget()
                raise WrongSum(f"the parts have SHA-256 {digest.hexdigest()}, the file has {sha256}")
            stat = upload.commit()
        finally:
            upload.abort()
        self.forget()
        return stat, digest.hexdigest()

    def forget(self) -> None:
        self._blobs.delete(self._above)

    def _pieces(self) -> Iterator[bytes]:
        at = 0
        sizes = {entry.path: entry.size_bytes for entry in self._blobs.entries(self._key())}
        while size := sizes.get(_name(at)):
            download = self._blobs.open(self.key(at))
            try:
                yield from download.chunks()
            finally:
                download.close()
            at += size

    def _key(self, name: str = "") -> str:
        return keys.join(self._above, self._version, name)


class UploadCheckpoint:
    """The state with which an upload to a remote continues, in the remote's own form.

    Checkpoints are stored beside the parts of arriving files and removed with them.  `what` identifies the file and its
    sender."""

    def __init__(self, blobs: Blobs, what: Sequence[str]) -> None:
        self._blobs = blobs
        self._above = f"{FOLDER}/{_digest(what)}"

    def read(self) -> bytes:
        """Return the text; empty if there is none."""
        try:
            return get(self._blobs, f"{self._above}/{_NOTE}")
        except NotFound:
            return b""

    def write(self, text: bytes) -> None:
        put(self._blobs, f"{self._above}/{_NOTE}", [[text]])

    def forget(self) -> None:
        self._blobs.delete(self._above)


def sweep(blobs: Blobs, now_ms: int) -> int:
    """Remove the parts of transfers without progress for a week.  Return the number of removed files."""
    count = 0
    for entry in blobs.entries(FOLDER):
        above = f"{FOLDER}/{entry.path}"
        latest = 0
        for part in blobs.walk(above):
            try:
                latest = max(latest, blobs.stat(f"{above}/{part.path}").modified_ms)
            except NotFound:  # the transfer finished meanwhile
                latest = now_ms
        if latest < now_ms - MAX_AGE_MS:
            blobs.delete(above)
            count += 1
    return count


def _name(start: int) -> str:
    return f"{start:016x}"


def _digest(parts: Sequence[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
