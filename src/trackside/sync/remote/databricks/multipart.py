"""Multipart upload of a large file to S3; Databricks signs a URL for each part.

Sent parts are recorded locally, so that an interrupted upload continues with the first missing part: S3's own list of parts is
not available by a signed URL.  An upload that cannot be completed is aborted.  At most a piece of a part is in memory.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from trackside.core.http_client.errors import Cancelled, RemoteUnavailable, RequestRejected
from trackside.sync.local.files import OpenFile
from trackside.sync.remote.databricks.store_requests import Signed, Stores, let_in, md5

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
MAX_PARTS = 10_000


class Begun(Struct, frozen=True):
    """An upload, with a URL for each of its parts and one to abort it."""

    upload_id: str
    urls: Sequence[Signed]
    abort: Signed


class Uploads(Protocol):
    """The calls for multipart uploads of one file."""

    where: str

    def begin(self, count: int) -> Begun: ...

    def url(self, upload_id: str, number: int) -> Signed:
        """Return another URL for a part."""
        ...

    def finish(self, upload_id: str, etags: Sequence[str]) -> None: ...


class NotTaken(Exception):
    """The remote has no multipart upload for this file; the message is the remote's."""


class Noted(Struct):
    """The progress of an upload.  `abort` is a URL that can only abort it."""

    where: str
    etag: str  # of the local version
    size_bytes: int
    part_bytes: int
    upload_id: str
    abort: Signed
    etags: list[str]  # of the sent parts, from the first on


class MultipartUpload:
    def __init__(self, uploads: Uploads, stores: Stores, part_bytes: int) -> None:
        """Parts have `part_bytes`, or more if there would be too many."""
        self._uploads = uploads
        self._stores = stores
        self._part_bytes = part_bytes

    def send(self, source: OpenFile) -> tuple[str, bool]:
        """Send the file and return its SHA-256, and whether S3 has verified all parts by checksums.  Raise NotTaken if no upload
        can be created; RemoteUnavailable, with the progress recorded, if a retry can continue."""
        noted = self._noted(source)
        if noted is not None:
            try:
                return self._send(source, noted, {})
            except RequestRejected:  # the upload ended meanwhile, or does not exist: create another one
                pass
        noted, urls = self._begin(source)
        return self._send(source, noted, urls)

    def _noted(self, source: OpenFile) -> Noted | None:
        text = source.note.read() if source.note is not None else b""
        if not text:
            return None
        try:
            noted = msgspec.json.decode(text, type=Noted)
        except msgspec.MsgspecError:  # of another release
            return None
        if (noted.where, noted.etag, noted.size_bytes) == (self._uploads.where, source.etag, source.size_bytes):
            return noted
        self._end(source, noted)  # of another version
        return None

    def _begin(self, source: OpenFile) -> tuple[Noted, dict[int, Signed]]:
        size = source.size_bytes
        part_bytes = max(self._part_bytes, -(-size // MAX_PARTS))
        count = -(-size // part_bytes)
        try:
            begun = self._uploads.begin(count)
        except RequestRejected as refused:
            raise NotTaken(str(refused)) from None
        noted = Noted(self._uploads.where, source.etag, size, part_bytes, begun.upload_id, begun.abort, [])
        _note(source, noted)
        return noted, dict(enumerate(begun.urls, 1))

    def _send(self, source: OpenFile, noted: Noted, urls: Mapping[int, Signed]) -> tuple[str, bool]:
        """Send each missing part; compute the MD5 of the others."""
        sha256 = hashlib.sha256()
        is_checked = True
        try:
            for number, start in enumerate(range(0, noted.size_bytes, noted.part_bytes), 1):
                part = _Part(source, start, min(start + noted.part_bytes, noted.size_bytes), sha256)
                if number > len(noted.etags):
                    noted.etags.append(self._send_part(part, noted.upload_id, number, urls))
                    _note(source, noted)
                else:
                    part.read()
                sha256 = part.sha256
                is_checked &= noted.etags[number - 1].strip('"') == part.md5.hexdigest()
            self._uploads.finish(noted.upload_id, noted.etags)
        except (RemoteUnavailable, Cancelled):
            if source.note is None:
                self._end(source, noted)
            raise
        except RequestRejected:
            self._end(source, noted)
            raise
        if source.note is not None:
            source.note.forget()
        return sha256.hexdigest(), is_checked

    def _send_part(self, part: "_Part", upload_id: str, number: int, urls: Mapping[int, Signed]) -> str:
        url = urls.get(number) or self._uploads.url(upload_id, number)

        def sign() -> None:
            nonlocal url
            url = self._uploads.url(upload_id, number)

        answer = let_in(lambda: self._stores.send("PUT", url, part.pieces(), part.size_bytes), sign)
        if not answer.headers.get("etag"):
            raise RemoteUnavailable("the store accepted a part without returning its ETag")
        return answer.headers["etag"]

    def _end(self, source: OpenFile, noted: Noted) -> None:
        """Abort an upload if its URL is still valid; otherwise the store's lifecycle rules remove it."""
        with suppress(RequestRejected, RemoteUnavailable):
            self._stores.send("DELETE", noted.abort, [], 0)
        if source.note is not None:
            source.note.forget()


class _Part:
    """A part that is being sent: `md5` is that of the last complete pass, `sha256` also includes all earlier parts."""

    def __init__(self, source: OpenFile, start: int, stop: int, before: Any) -> None:
        self._source = source
        self._start = start
        self._stop = stop
        self._before = before
        self.size_bytes = stop - start
        self.sha256 = before
        self.md5 = md5()

    def pieces(self) -> Iterator[bytes]:
        sha256, digest = self._before.copy(), md5()
        for piece in self._source.pieces(self._start, self._stop):
            sha256.update(piece)
            digest.update(piece)
            yield piece
        self.sha256, self.md5 = sha256, digest

    def read(self) -> None:
        for _ in self.pieces():
            pass


def _note(source: OpenFile, noted: Noted) -> None:
    if source.note is not None:
        source.note.write(msgspec.json.encode(noted))
