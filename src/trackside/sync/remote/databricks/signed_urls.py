"""Transfers a file by signed URLs of Databricks, for S3, Google's and Azure's stores.

Azure checks the MD5 of the request and rejects a different body; S3 and Google return the MD5 of the stored body.  An expired URL
is signed again.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import quote

from msgspec import Struct

from trackside.core.http_client.cancellation import CancelToken
from trackside.core.http_client.client import Answer, Download
from trackside.core.http_client.errors import RequestRejected
from trackside.core.outgoing.guard import ANYWHERE, Guard
from trackside.sync.local.files import OpenFile
from trackside.sync.remote.databricks.multipart import MultipartUpload, NotTaken, Uploads
from trackside.sync.remote.databricks.store_requests import (
    AZURE,
    LAKE,
    S3,
    Signed,
    Stores,
    in_base64,
    let_in,
    md5,
    md5_sums,
)
from trackside.sync.remote.port import Unmirrored

# Azure takes 64 MiB at once from the oldest of its API's versions on, 4 MiB to 4,000 MiB as a block of a larger file, and
# 50,000 blocks of it; S3 takes 5 GiB at once, 5 MiB to 5 GiB as a part, and 10,000 parts.
# https://learn.microsoft.com/rest/api/storageservices/put-blob, .../put-block
AT_ONCE_BYTES = 64 << 20
BLOCK_BYTES = 32 << 20
MAX_BLOCKS = 50_000
S3_MOST_AT_ONCE_BYTES = 5 << 30


class Sent(Struct, frozen=True):
    """`is_checked`: the store has verified the file by a checksum."""

    sha256: str
    is_checked: bool


class SignedFile:
    """A file behind signed URLs; `sign` requests a URL.  To be closed."""

    def __init__(
        self,
        sign: Callable[[], Signed],
        cancel_token: CancelToken,
        uploads: Uploads | None = None,
        *,
        at_once: int = AT_ONCE_BYTES,
        block: int = BLOCK_BYTES,
        guard: Guard = ANYWHERE,
    ) -> None:
        """`at_once`: a longer file is sent to Azure in blocks of `block` bytes, and to S3 in such parts, by `uploads`."""
        self._sign = sign
        self._uploads = uploads
        self._at_once = at_once
        self._block = block
        self._signed = sign()
        self._stores = Stores(cancel_token, guard)

    def close(self) -> None:
        self._stores.close()

    def send(self, source: OpenFile) -> Sent:
        kind = self._signed.kind
        if kind == LAKE:
            return self._append(source)
        if kind == AZURE and source.size_bytes > self._at_once:
            return self._send_blocks(source)
        if kind == S3 and source.size_bytes > self._at_once and self._uploads is not None:
            try:
                return Sent(*MultipartUpload(self._uploads, self._stores, self._block).send(source))
            except NotTaken as reason:
                if source.size_bytes > S3_MOST_AT_ONCE_BYTES:
                    raise Unmirrored(
                        f"it has {source.size_bytes} bytes; S3 accepts at most {S3_MOST_AT_ONCE_BYTES} in one request, and the"
                        f" workspace refuses a multipart upload ({reason})"
                    ) from None
        return self._send_whole(source)

    def get(self, start: int, etag: str) -> Download:
        def download() -> Download:
            http, where = self._stores.at(self._signed)
            return http.download(where, start, etag, self._signed.headers)

        return let_in(download, self._sign_again)

    def _send_whole(self, source: OpenFile) -> Sent:
        sha256, digest = hashlib.sha256(), md5()
        for piece in source.pieces():
            sha256.update(piece)
            digest.update(piece)
        headers: dict[str, str] = {}
        if self._signed.kind == AZURE:
            headers = {"x-ms-blob-type": "BlockBlob", "content-md5": in_base64(digest.digest())}
        answer = self._call("PUT", "", source.pieces, source.size_bytes, headers)
        is_checked = self._signed.kind == AZURE or digest.digest() in md5_sums(answer)
        return Sent(sha256.hexdigest(), is_checked)

    def _send_blocks(self, source: OpenFile) -> Sent:
        """Send a file in blocks.  Existing blocks are not sent again, if the URL allows listing them."""
        there = self._staged()
        size = max(self._block, -(-source.size_bytes // MAX_BLOCKS))
        version = hashlib.sha256(f"{source.etag} {source.size_bytes}".encode()).hexdigest()[:24]
        names = []
        sha256 = hashlib.sha256()
        for at, block in _blocks(source, size):
            sha256.update(block)
            name = in_base64(f"{version}{at // size:08}".encode())
            names.append(name)
            if there.get(name) != len(block):
                self._send_bytes("PUT", f"comp=block&blockid={quote(name, safe='')}", block)
        listed = "".join(f"<Uncommitted>{name}</Uncommitted>" for name in names)
        body = f'<?xml version="1.0" encoding="utf-8"?><BlockList>{listed}</BlockList>'.encode()
        self._send_bytes("PUT", "comp=blocklist", body)
        return Sent(sha256.hexdigest(), is_checked=True)

    def _append(self, source: OpenFile) -> Sent:
        """Send a file by appends.  Bytes are not part of the file until a flush, so an interrupted transfer starts again."""
        self._send_bytes("PUT", "resource=file", b"")
        sha256 = hashlib.sha256()
        for at, block in _blocks(source, self._block):
            sha256.update(block)
            self._send_bytes("PATCH", f"action=append&position={at}", block)
        self._send_bytes("PATCH", f"action=flush&position={source.size_bytes}", b"")
        return Sent(sha256.hexdigest(), is_checked=True)

    def _staged(self) -> dict[str, int]:
        """Return the sizes of uncommitted blocks by name."""
        try:
            answer = self._once("GET", "comp=blocklist&blocklisttype=uncommitted", None, 0, {})
        except RequestRejected:  # there are none, or the URL allows only writes
            return {}
        found = re.findall(rb"<Name>([^<]+)</Name>\s*<Size>(\d+)</Size>", answer.body)
        return {name.decode(): int(size) for name, size in found}

    def _send_bytes(self, method: str, query: str, body: bytes) -> None:
        digest = md5()
        digest.update(body)
        headers = {"content-md5": in_base64(digest.digest())} if body else {}
        self._call(method, query, lambda: [body], len(body), headers)

    def _call(
        self, method: str, query: str, body: Callable[[], Iterable[bytes]], size: int, headers: dict[str, str]
    ) -> Answer:
        return let_in(lambda: self._once(method, query, body(), size, headers), self._sign_again)

    def _sign_again(self) -> None:
        self._signed = self._sign()

    def _once(
        self, method: str, query: str, body: Iterable[bytes] | None, size: int, headers: dict[str, str]
    ) -> Answer:
        http, where = self._stores.at(self._signed, query)
        given = {**self._signed.headers, **headers}
        if self._signed.kind == LAKE:  # it has no blobs
            given = {name: value for name, value in given.items() if not name.lower().startswith("x-ms-blob-")}
        elif "comp=blocklist" in query:  # it has only block blobs
            given = {name: value for name, value in given.items() if name.lower() != "x-ms-blob-type"}
        if body is None:
            return http.call(method, where, None, given)
        return http.send(method, where, body, size, given)


def _blocks(source: OpenFile, size: int) -> Iterator[tuple[int, bytes]]:
    for at in range(0, source.size_bytes, size):
        yield at, b"".join(source.pieces(at, min(at + size, source.size_bytes)))
